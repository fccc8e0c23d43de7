"""What was proved and by which rules: hypothesis, parameters, policy, effort, thresholds and every gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from karat.core.model.policy import Policy
from karat.research.dossier.page.funnel import sign
from karat.research.dossier.page.told import Told
from karat.research.dossier.page.words import bound, facts, label, panel, setting, show, shown_cell, table
from karat.research.manifest import policy_json
from karat.research.report.figures import NOTHING, plural
from karat.research.report.html import Content, Markup, join, tag

_RELATIONS = {"at_least": "at least", "at_most": "at most", "above": "above", "below": "below"}
_SHARES = ("share", "fraction")
_GATES = {
    "passed": ("passed", "passed"),
    "failed": ("buried", "failed"),
    "undefined": ("no_evidence", "undefined"),
    "not_reached": ("not_reached", "not reached"),
}


def hypothesis_panel(told: Told) -> Markup:
    """The seven sentences, said before anything was tried."""
    rows: list[tuple[str, Content]] = [(label(name), text) for name, text in told.told["hypothesis"].items()]
    return panel("hypothesis", "Hypothesis", f"family {told.told['family']}", facts(rows))


def parameters_panel(told: Told) -> Markup:
    """Every parameter: default, what was judged, range, unit, meaning."""
    result, chosen = told.result, told.result["settings"]
    rows = [_parameter(one, chosen) for one in told.told["parameters"]]
    names = {one["name"] for one in told.told["parameters"]}
    varied = {name: value for name, value in chosen.items() if name not in names}
    extra = facts([(name, setting(value)) for name, value in varied.items()]) if varied else None
    if told.stage("own_parameters") is None:
        whose = "defaults: no others were chosen, because the proof ended before"
    elif result["own_settings"]:
        whose = "this market has parameters of its own"
    else:
        whose = "common to all markets of the proof"
    heads = ("parameter", "default", "judged by", "lowest", "highest", "step", "unit", "meaning")
    shown = table(heads, rows, "checks", "Parameters", right=(1, 2, 3, 4, 5))
    return panel(
        "parameters", "Parameters", whose, shown if rows else tag("p", "It has no parameters.", class_="empty"), extra
    )  # fmt: skip


def _parameter(one: Mapping[str, Any], chosen: Mapping[str, Any]) -> Markup:
    value = chosen.get(one["name"], one["default"])
    changed = value != one["default"]
    return tag(
        "tr",
        tag("th", tag("code", one["name"]), scope="row"),
        tag("td", setting(one["default"]), class_="r"),
        tag("td", tag("b", setting(value)) if changed else setting(value), class_="r"),
        *(tag("td", setting(one[name]), class_="r") for name in ("low", "high", "step")),
        tag("td", one["unit"]),
        tag("td", one["meaning"], class_="said"),
    )


def assumptions_panel(told: Told) -> Markup:
    """Policy, effort, seed and objective."""
    spec = told.spec
    usual = policy_json(Policy())
    others = {name: value for name, value in spec["policy"].items() if value != usual.get(name)}
    same = [f"{name} {setting(value)}" for name, value in spec["policy"].items() if name not in others]
    effort = {**spec["effort"], **{f"robustness: {k}": v for k, v in spec["effort"]["robustness"].items()}}
    del effort["robustness"]
    rows: list[tuple[str, Content]] = [
        ("Costs", "pessimistic, whatever the policy says: all verdicts go by them"),
        ("Policy", ", ".join(f"{name} {setting(value)}" for name, value in others.items()) or "the default"),
        ("Varied", ", ".join(f"{k}: {setting(v)}" for k, v in spec["policy_axes"].items()) or "no field of the policy"),
        ("Objective", ", ".join(f"{name} {setting(value)}" for name, value in spec["objective"].items())),
        ("Seed", setting(spec["seed"])),
        ("Effort", ", ".join(f"{name} {setting(value)}" for name, value in effort.items())),
        ("All else", join(tag("span", "as the default policy: ", class_="note"), ", ".join(same))),
    ]
    return panel("assumptions", "Policy and effort", "what decides the verdict beside code and bars", facts(rows))


def gates_panel(told: Told) -> Markup:
    """Every gate, those that decided first seen."""
    gates, thresholds = told.result["gates"]["gates"], told.spec["thresholds"]
    changed = thresholds["changed"]
    counts = {name: sum(one["outcome"] == name for one in gates) for name in _GATES}
    note = ", ".join(f"{count} {_GATES[name][1]}" for name, count in counts.items() if count)
    reached = [one for one in gates if one["outcome"] != "not_reached"]
    others = [one for one in gates if one["outcome"] == "not_reached"]
    heads = ("gate", "figure", "threshold", "severity", "outcome", "reason", "source")
    if changed:
        words = (
            f"The user changed {plural(len(changed), 'threshold')}: {', '.join(changed)}. The verdict rests on that."
        )
    else:
        words = "No threshold was changed by the user."
    settings = tag(
        "details",
        tag("summary", "Other numbers of the thresholds"),
        facts([(label(name), f"{setting(one['value'])} {one['unit']}; {one['source']}")
               for name, one in thresholds["settings"].items()]),
        class_="stage",
    )  # fmt: skip
    return panel(
        "gates", "Gates", note,
        tag("p", words, " Thresholds ", tag("code", thresholds["hash"]), class_="because" if changed else "note inset"),
        table(heads, _rows(told, reached), "checks", "Gates", right=(1, 2)) if reached else None,
        tag(
            "details", tag("summary", f"{plural(len(others), 'gate')} not reached"),
            table(heads, _rows(told, others), "checks", "Gates that were not reached", right=(1, 2)), class_="stage",
        ) if others else None,
        settings,
    )  # fmt: skip


def _rows(told: Told, gates: list[Mapping[str, Any]]) -> list[Markup]:
    return [_gate(told, one, f"gates.{one['gate']}" in told.spec["thresholds"]["changed"]) for one in gates]


def _gate(told: Told, one: Mapping[str, Any], changed: bool) -> Markup:
    kind, word = _GATES[one["outcome"]]
    source = told.spec["thresholds"]["gates"].get(one["gate"], {}).get("source", "Karat's")
    unit = "" if one["unit"] in (*_SHARES, "ratio") else f" {one['unit']}"
    text = f"{_RELATIONS.get(one['relation'], one['relation'])} {bound(one['figure'], one['threshold'])}{unit}"
    return tag(
        "tr",
        tag("th", label(one["gate"]), tag("span", "changed", class_="chip") if changed else None, scope="row"),
        # what was not reached is said once, as its reason
        tag("td", NOTHING, class_="r") if kind == "not_reached" else shown_cell(show(one["figure"], one["value"])),
        tag("td", text, class_="r"),
        tag("td", one["severity"]),
        tag("td", tag("span", sign(kind), word, class_=f"outcome {kind.replace('_', '-')}")),
        tag("td", one["reason"] or "", class_="said"),
        tag("td", source, class_="said note"),
    )
