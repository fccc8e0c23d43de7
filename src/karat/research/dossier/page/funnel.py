"""The seven stages as a track, and below each reached one its question, its checks and its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from karat.research.dossier.page.told import STAGES, Told
from karat.research.dossier.page.words import asked, label, panel, settings_line, show, shown_cell, spoken, table
from karat.research.prove.stage import QUESTIONS, Stage
from karat.research.report.figures import plural
from karat.research.report.html import Content, Markup, join, tag

_SIGNS = {
    "passed": "M3 8.500l3.300 3.300L13 5",
    "buried": "M4 4l8 8M12 4l-8 8",
    "no_evidence": "M5.600 6a2.500 2.500 0 1 1 3.600 2.200c-.900.500-1.200 1-1.200 1.900M8 12.400v.400",
    "not_reached": "M4 8h8",
}
_WORDS = {"passed": "passed", "buried": "buried", "no_evidence": "no evidence", "not_reached": "not reached"}


def sign(outcome: str) -> Markup:
    """A small sign of an outcome, with its word for those who do not see it."""
    drawn = tag("path", d=_SIGNS[outcome])
    return tag("svg", drawn, viewBox="0 0 16 16", width="14", height="14", class_="sign", role="img",
               aria_label=_WORDS[outcome])  # fmt: skip


def outcome_chip(outcome: str) -> Markup:
    """An outcome in a word and a sign."""
    return tag("span", sign(outcome), _WORDS[outcome], class_=f"outcome {outcome.replace('_', '-')}")


def funnel_panel(told: Told) -> Markup:
    """The track, then the stages."""
    steps = [_step(at, name, told.stage(name)) for at, name in enumerate(STAGES, 1)]
    passed = sum(one["outcome"] == "passed" for one in told.result["stages"])
    return panel(
        "funnel", "The funnel", f"{passed} of {len(STAGES)} stages passed",
        tag("ol", *steps, class_="track"), *(_stage(told, name) for name in STAGES),
    )  # fmt: skip


def _step(at: int, name: str, stage: Mapping[str, Any] | None) -> Markup:
    outcome = "not_reached" if stage is None else str(stage["outcome"])
    return tag(
        "li", tag("span", sign(outcome), class_="knot"), tag("b", f"{at}. {label(name)}"),
        tag("small", _WORDS[outcome]), class_=outcome.replace("_", "-"),
    )  # fmt: skip


def _stage(told: Told, name: str) -> Markup:
    stage, question = told.stage(name), QUESTIONS[Stage(name)]
    if stage is None:
        head = tag("div", tag("b", label(name)), tag("span", question, class_="note"), outcome_chip("not_reached"))
        return tag("div", head, class_="stage closed")
    decided = stage["outcome"] != "passed"
    checks = [_check(told, name, one) for one in stage["checks"]]
    heads = ("check", "value", "asked for", "outcome", "reason")
    return tag(
        "details",
        tag("summary", label(name), tag("span", stage["question"], class_="note"), outcome_chip(stage["outcome"])),
        tag("p", stage["reason"], class_=f"because {stage['outcome'].replace('_', '-')}") if decided else None,
        table(heads, checks, "checks", f"Checks of {label(name)}", right=(1,)),
        _numbers(told, name, stage["numbers"]),
        class_="stage", open=decided,
    )  # fmt: skip


def _check(told: Told, stage: str, one: Mapping[str, Any]) -> Markup:
    name = one["check"]
    gates = {gate["gate"]: gate for gate in told.result["gates"]["gates"]} if stage == Stage.EXAMINATION else {}
    figure = gates[name]["figure"] if name in gates else name
    reason = gates[name]["reason"] if name in gates else one["reason"]
    return tag(
        "tr", tag("th", label(name), scope="row"), shown_cell(show(figure, one["value"])),
        tag("td", asked(figure, one["asked"])), tag("td", outcome_chip(one["outcome"])),
        tag("td", reason, class_="said"),
    )  # fmt: skip


def _numbers(told: Told, name: str, numbers: Mapping[str, Any]) -> Markup | None:
    """What else the stage found; what has a section of its own is there."""
    if name == Stage.EXAMINATION:
        reached = ", ".join(label(one).lower() for one in numbers)
        return tag("p", f"Groups of questions gone through: {reached}. Their figures stand below.", class_="note inset")
    if name == Stage.REGIMES:
        return _regimes(numbers.get("regimes", []))
    rows: list[tuple[str, Content]] = []
    for key, value in numbers.items():
        if key == "centres":
            rows += [(f"plateau {at}", _plateau(one)) for at, one in enumerate(value, 1)]
        elif key == "chosen":
            rows.append(("chosen plateau", _plateau(value)))
        elif key == "here":
            rows.append(("on this market", ", ".join(f"{label(k)} {show(k, v).text}" for k, v in value.items())))
        elif isinstance(value, Mapping) and "undefined" not in value:
            rows.append((label(key), settings_line(value)))
        else:
            rows.append((label(key), spoken(key, value)))
    if not rows:
        return None
    pairs = [tag("div", tag("dt", key), tag("dd", text)) for key, text in rows]
    return tag("dl", *pairs, class_="facts")


def _plateau(one: Mapping[str, Any]) -> Markup:
    edges = f"; at the edge of {', '.join(one['edges'])}" if one["edges"] else ""
    names = ("objective", "median_of_neighbours", "plateau_score", "neighbours_profitable")
    objective, median, score, near = (spoken(name, one[name]) for name in names)
    return join(
        settings_line(one["settings"]),
        tag("br"),
        f"objective {objective}, {plural(one['neighbours'], 'neighbour')}, their median {median}: plateau score"
        f" {score}; {near} of them earn{edges}",
    )


def _regimes(rows: list[Mapping[str, Any]]) -> Markup | None:
    if not rows:
        return None
    names = ("days", "trades", "total_return", "sharpe", "max_drawdown")
    lines = [
        tag("tr", tag("th", tag("span", class_=f"swatch {one['period']}"), label(one["period"]), scope="row"),
            *(shown_cell(show(name, one[name])) for name in names),
            tag("td", "earned" if one["positive"] else "lost" if one["judged"] else "too little to judge"))
        for one in rows
    ]  # fmt: skip
    heads = ("regime", *map(label, names), "outcome")
    return table(heads, lines, "checks", "The five regimes", right=(1, 2, 3, 4, 5))
