"""The top of a dossier's page: what was judged, the verdict as a badge that needs no colour, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from karat.research.dossier.document import code_hash_of, data_of
from karat.research.dossier.page.told import Told
from karat.research.dossier.page.words import label, moment, show
from karat.research.gates.evidence import NOT_REACHED
from karat.research.report.figures import Shown, day
from karat.research.report.html import Content, Markup, join, tag


@dataclass(frozen=True, slots=True)
class _Badge:
    """A verdict in a word, what it means, and its sign: paths of 24 by 24."""

    word: str
    means: str
    sign: str


_BADGES = {
    "gold": _Badge(
        "Gold",
        "It passed every stage, every gate, and earned in the vault.",
        "M12 2.5l2.9 6.2 6.6.8-4.9 4.6 1.3 6.7L12 17.5l-5.9 3.3 1.3-6.7-4.9-4.6 6.6-.8z",
    ),
    "watch": _Badge(
        "Watch",
        "It passed every stage and every hard gate; what is named here keeps it from gold.",
        "M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12zM12 8.7a3.3 3.3 0 1 0 0 6.6 3.3 3.3 0 0 0 0-6.6z",
    ),
    "buried": _Badge(
        "Buried",
        "It was refuted. Nothing after that was tried, and nothing else of it is promised.",
        "M5 21.5V10a7 7 0 0 1 14 0v11.500M2.500 21.500h19M12 7.500v8M9 10.300h6",
    ),
    "no_evidence": _Badge(
        "No evidence",
        "There is too little to tell anything: not refuted, and not shown either.",
        "M8.2 8.600a3.900 3.900 0 1 1 5.700 3.500c-1.300.700-1.900 1.500-1.900 3.200M12 19.200v.600",
    ),
}


def heading(told: Told) -> str:
    """For the title of the document."""
    result = told.result
    word = _BADGES[result["verdict"]].word
    simulated = ", simulated data" if told.simulated else ""
    return f"{result['strategy']} on {result['market']} {result['timeframe']}: {word.lower()}{simulated}"


def title(told: Told) -> Markup:
    """Name and chips: whether the data are simulated comes first."""
    result = told.result
    data = ("Simulated data", "chip simulated") if told.simulated else ("Real data", "chip")
    first, last = data_of(told.told)["first_bar"], data_of(told.told)["last_bar"]
    words = [result["market"], result["timeframe"], f"{day(first)} to {day(last)}, before the vault"]
    chips = [tag("span", data[0], class_=data[1]), *(tag("span", text, class_="chip") for text in words)]
    ids = tag("span", "proof ", tag("code", told.told["proof"]), class_="note")
    return tag("div", tag("h1", result["strategy"]), *chips, ids, class_="title")


def banner(told: Told) -> Markup | None:
    """Simulated data are said before anything else."""
    if not told.simulated:
        return None
    text = "No market ever traded at these prices. This verdict says nothing about any real market."
    return tag("div", tag("strong", "SIMULATED DATA"), tag("span", text), class_="banner", role="note")


def verdict_panel(told: Told) -> Markup:
    """The badge, the reason, and where it ended."""
    result = told.result
    badge = _BADGES[result["verdict"]]
    sign = tag("svg", tag("path", d=badge.sign), viewBox="0 0 24 24", width="44", height="44", aria_hidden="true")
    word = tag("div", sign, tag("span", tag("small", "Verdict"), tag("strong", badge.word)), class_="badge")
    words = tag(
        "div",
        tag("p", _ended(told), class_="ended"),
        tag("p", result["reason"], class_="reason"),
        _others(told),
        tag("p", badge.means, class_="note"),
    )
    return tag(
        "section", tag("div", word, words, class_="judged"), _identity(told),
        class_=f"panel verdict {result['verdict'].replace('_', '-')}", id="verdict", aria_label="Verdict",
    )  # fmt: skip


def _ended(told: Told) -> Markup:
    result = told.result
    by = f", decided by {label(result['decided_by']).lower()}" if result["decided_by"] else ""
    kinds = {
        "buried": "Reason of death",
        "no_evidence": "Where the evidence ended",
        "watch": "What keeps it from gold",
        "gold": "What it rests on",
    }
    stage = result["stage"]
    where = f"stage {label(stage).lower()}{by}" if stage else f"all stages passed{by}"
    return join(tag("b", kinds[result["verdict"]]), f": {where}")


def _others(told: Told) -> Markup | None:
    """What else would have kept a strategy that went through all stages from gold."""
    result = told.result
    missed = [
        one["reason"] for one in result["gates"]["gates"]
        if one["outcome"] in ("failed", "undefined") and one["gate"] != result["decided_by"]
    ]  # fmt: skip
    if result["verdict"] != "watch" or not missed:
        return None
    return tag("ul", *(tag("li", reason) for reason in missed), class_="others", aria_label="What else was missed")


def _identity(told: Told) -> Markup:
    """Everything by which the verdict can be found again."""
    document, made = told.told, told.told["origin"]
    commit = made["commit"] if isinstance(made["commit"], str) else made["commit"]["undefined"]
    rows: list[tuple[str, Content]] = [
        ("proof", tag("code", document["proof"])),
        ("code", tag("code", code_hash_of(document)[:16], title=code_hash_of(document))),
        ("data", tag("code", data_of(document)["bars_hash"][:16], title=data_of(document)["bars_hash"])),
        ("thresholds", tag("code", told.spec["thresholds"]["hash"][:16], title=told.spec["thresholds"]["hash"])),
        ("made", moment(document["made"])),
        ("Karat", f"{made['karat_version']}, {commit[:10]}, {made['processor']}"),
    ]
    return tag("div", *(tag("span", name, " ", text) for name, text in rows), class_="identity")


def band(told: Told) -> Markup:
    """The six figures asked for first; one that was never reached says so."""
    evidence = told.result["evidence"]
    luck = told.numbers("examination", "luck") or {}
    vault, regimes = told.stage("vault"), told.numbers("regimes", "regimes") or []
    first = told.numbers("tournament") or {}
    judged = told.stage("refinement") and not isinstance(evidence["annual_sharpe"], dict)
    source: Any = evidence["annual_sharpe"] if judged else first.get("sharpe")
    of_luck = show("sharpe", luck.get("annual_sharpe_of_luck")) if luck else None
    charged = f"luck alone gives {of_luck.text}" if of_luck else "at default parameters, before any search"
    cells = [
        _cell("Sharpe a year", show("sharpe", source), charged),
        _cell("Deflated Sharpe", show("deflated_sharpe", evidence["deflated_sharpe"]), "with all trials counted"),
        _cell("Trades", show("trades", _known(evidence["trades"], first.get("trades"))), "closed, before the vault"),
        _cell("Regimes earning", show("regimes_positive", evidence["regimes_positive"]), f"of {len(regimes) or 5}"),
        _cell("Out of sample", show("walk_forward_efficiency", evidence["walk_forward_efficiency"]),
              "of the return in sample, walk forward"),
        _cell("Vault", show("vault_return", evidence["vault_return"]),
              "opened once, for this" if vault else "never opened"),
    ]  # fmt: skip
    return tag("section", *cells, class_="panel band", aria_label="Figures asked for first")


def _known(value: Any, otherwise: Any) -> Any:
    return otherwise if isinstance(value, dict) and otherwise is not None else value


def _cell(name: str, shown: Shown, below: str) -> Markup:
    return tag(
        "div",
        tag("div", name, class_="label"),
        tag("div", shown.text, class_=f"figure {shown.tone}".strip()),
        tag("div", "not reached" if shown.reason == NOT_REACHED.reason else shown.reason or below, class_="below"),
    )
