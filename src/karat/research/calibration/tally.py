"""What the outcomes of a calibration add up to, as one JSON object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from karat.research.calibration.bounds import Rate
from karat.research.calibration.calibrating import Calibration
from karat.research.calibration.edges import Nature
from karat.research.calibration.likeness import Likeness, likeness, typical
from karat.research.calibration.markets import PanelSpec, Planted, Source, Truth, World, planted_name
from karat.research.calibration.naive import POLICIES, Naive
from karat.research.calibration.outcomes import PanelOutcome
from karat.research.gates.verdict import Grade

EDGELESS_MIN = 600
FALSE_GOLD_MAX = 0.01
POWER_AT_THREE_MIN = 0.8
SECONDS_MAX = 3.0
_LIKE_MARKETS = 2  # of each source
_TOGETHER = "together"


@dataclass(frozen=True, slots=True)
class Group:
    """Panels of one kind."""

    name: str
    panels: tuple[PanelOutcome, ...]

    @property
    def grades(self) -> list[str]:
        return [market.grade for panel in self.panels for market in panel.markets]

    @property
    def deciders(self) -> dict[str, int]:
        """How many markets each stage and gate kept from gold, most first."""
        found = Counter(
            market.decided_by or "unknown" for panel in self.panels for market in panel.markets
            if market.grade != Grade.GOLD.value
        )  # fmt: skip
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def tally(calibration: Calibration) -> dict[str, Any]:
    """Everything that the table shows, JSON-ready."""
    groups = [_edgeless(calibration.panels, truth) for truth in (Truth.SIMULATED, Truth.SHUFFLED)]
    edgeless = Group(_TOGETHER, tuple(panel for group in groups for panel in group.panels))
    powers = [_power_json(calibration, planted) for planted in calibration.asked.planted]
    together = _edgeless_json(edgeless)
    seconds = sum(one.seconds for one in calibration.panels) / sum(len(one.markets) for one in calibration.panels)
    return {
        "calibration": calibration.id,
        "asked": calibration.asked.as_dict(),
        "prover": dict(calibration.prover),
        "edgeless": [*map(_edgeless_json, groups), together],
        "powers": powers,
        "naive": [_naive_json(group, costs) for group in (*groups, edgeless) for costs in POLICIES],
        "seconds_a_market": seconds,
        "making_seconds_a_market": sum(one.making_seconds for one in calibration.panels)
        / sum(len(one.markets) for one in calibration.panels),
        "gates": _gates(together, powers, seconds),
        "likeness": likeness_json(calibration.sources, calibration.asked.seed),
    }


def _edgeless(panels: Iterable[PanelOutcome], truth: Truth) -> Group:
    return Group(truth.value, tuple(one for one in panels if one.truth == truth.value))


def _with_edge(panels: Iterable[PanelOutcome], planted: Planted) -> Group:
    return Group(f"{planted[0]} {planted[1]:g}", tuple(one for one in panels if (one.nature, one.power) == planted))


def _counts(group: Group) -> dict[str, Any]:
    found = Counter(group.grades)
    return {"name": group.name, "markets": len(group.grades), **{grade.value: found[grade.value] for grade in Grade}}


def _edgeless_json(group: Group) -> dict[str, Any]:
    grades = group.grades
    with_gold = sum(any(one.grade == Grade.GOLD.value for one in panel.markets) for panel in group.panels)
    return {
        **_counts(group),
        "false_gold": _rate_json(Rate(grades.count(Grade.GOLD.value), len(grades))),
        "false_watch": _rate_json(Rate(grades.count(Grade.WATCH.value), len(grades))),
        "panels_with_gold": _rate_json(Rate(with_gold, len(group.panels))),
        "decided_by": group.deciders,
    }


def _power_json(calibration: Calibration, planted: Planted) -> dict[str, Any]:
    """`seen_of_judged` leaves out the markets of which the prover said that it has no evidence; None where those are
    all."""
    group = _with_edge(calibration.panels, planted)
    grades = group.grades
    gold = grades.count(Grade.GOLD.value)
    seen = gold + grades.count(Grade.WATCH.value)
    judged = len(grades) - grades.count(Grade.NO_EVIDENCE.value)
    found = calibration.planted[planted_name(*planted)]
    return {
        **_counts(group),
        "nature": planted[0].value,
        "strategy": planted[0].strategy,
        "power": planted[1],
        "true_sharpe": found["worth"],
        "strengths": found["strengths"],
        "detected": _rate_json(Rate(gold, len(grades))),
        "seen": _rate_json(Rate(seen, len(grades))),
        "seen_of_judged": _rate_json(Rate(seen, judged)) if judged else None,
        "decided_by": group.deciders,
    }


def _rate_json(rate: Rate) -> dict[str, Any]:
    return {"share": rate.share, "upper": rate.upper(), "interval": list(rate.interval())}


def _naive_json(group: Group, costs: str) -> dict[str, Any]:
    """How many markets each naive rule accepts."""
    asked = [one.naive[costs] for panel in group.panels for one in panel.markets if one.naive is not None]
    rules = {rule.value: _rate_json(Rate(sum(rule.value in one for one in asked), len(asked))) for rule in Naive}
    return {"name": group.name, "costs": costs, "markets": len(asked), "rules": rules}


def _gates(together: dict[str, Any], powers: Sequence[dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
    """What the calibration itself must reach. `passed` is None where nothing was asked that could tell."""
    strong = {one["nature"]: one for one in powers if one["power"] == 3.0}
    shares = [
        (f"{nature}_{name}_at_three", strong[nature][key]["share"] if nature in strong else None)
        for name, key in (("seen", "seen"), ("gold", "detected"))
        for nature in Nature
    ]
    found = [
        ("edgeless_markets", together["markets"], "at least", EDGELESS_MIN),
        ("false_gold_upper", together["false_gold"]["upper"], "at most", FALSE_GOLD_MAX),
        *((name, share, "at least", POWER_AT_THREE_MIN) for name, share in shares),
        ("seconds_a_market", seconds, "at most", SECONDS_MAX),
    ]
    return [
        {
            "gate": name, "value": value, "relation": relation, "threshold": bound,
            "passed": None if value is None else (value <= bound if relation == "at most" else value >= bound),
        }
        for name, value, relation, bound in found
    ]  # fmt: skip


def likeness_json(sources: Sequence[Source], seed: int) -> list[dict[str, Any]]:
    """What real markets and those that take after them are like, source by source, three years or what there is."""
    world = World(seed, tuple(sources), {})
    found: list[dict[str, Any]] = []
    for turn, source in enumerate(sources):
        found.append(
            {"market": source.candles.market, "kind": "real", **asdict(likeness(source.candles[-world.bars :]))}
        )
        for truth in (Truth.SIMULATED, Truth.SHUFFLED):
            found.append({"market": source.candles.market, "kind": truth.value, **asdict(_typical(world, truth, turn))})
    return found


def _typical(world: World, truth: Truth, turn: int) -> Likeness:
    """Of the first markets that take after one source, what stands before their vaults."""
    specs = [PanelSpec(truth, turn + k * len(world.sources), 1) for k in range(_LIKE_MARKETS)]
    made = [world.market(spec, 0) for spec in specs]
    return typical(likeness(one.candles[: int((one.candles.ts < one.entry.vault_start_ts).sum())]) for one in made)
