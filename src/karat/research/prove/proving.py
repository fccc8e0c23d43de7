"""One strategy through all stages, on all its markets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from karat.core.ids import MarketId
from karat.research.backtest import MarketData
from karat.research.gates.evidence import no_evidence_yet
from karat.research.prove.examination import Candidate, Group, examine
from karat.research.prove.ground import Book, Ground
from karat.research.prove.held_out import cross_of, walk_of
from karat.research.prove.lived_with import dependence_of, paths_of
from karat.research.prove.luck import bugs_of, luck_of
from karat.research.prove.own import own_parameters
from karat.research.prove.periods import judge_periods
from karat.research.prove.proof import Proof
from karat.research.prove.region import Refined, Region, refine, sweep_region
from karat.research.prove.search import Searcher
from karat.research.prove.settings import ProofSettings
from karat.research.prove.shares import shares_of
from karat.research.prove.stage import Outcome, StageResult
from karat.research.prove.tournament import tournament
from karat.research.prove.vault import open_vault
from karat.research.robustness.variant import Variant, variant_of
from karat.stats.figure import Figure
from karat.strategies import Strategy, resolve

GROUPS: Mapping[str, Group] = {
    "luck": luck_of, "bugs": bugs_of, "dependence": dependence_of, "cross_validation": cross_of,
    "walk_forward": walk_of, "robustness": paths_of,
}  # fmt: skip

Progress = Callable[[str], None]
"""Told after each step what it was."""

Keep = Callable[[str, MarketId, Callable[[], dict[str, Any]]], dict[str, Any]]
"""`store.ProofFolder.once`, or what makes it anew each time (`nothing_kept`)."""


def nothing_kept(strategy: str, market: MarketId, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Keeps no proof."""
    return make()


@dataclass(frozen=True, slots=True)
class Request:
    """On which markets and timeframes, and which policy fields are varied beside the parameters. `groups` names markets
    that are told together, sectors for example; no verdict depends on them."""

    markets: tuple[MarketId, ...]
    timeframes_ms: tuple[int, ...]
    policy_axes: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[MarketId, ...]] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """How often `Progress` is told for one strategy."""
        return 3 * len(self.timeframes_ms) + len(self.markets)


@dataclass(slots=True, eq=False)
class _Timeframe:
    """One timeframe on its way: what came of each market, and of those that are left."""

    timeframe_ms: int
    data: Mapping[MarketId, MarketData]
    results: dict[MarketId, list[StageResult]]
    region: Region | None = None
    refined: Refined | None = None

    def left(self) -> dict[MarketId, MarketData]:
        """The markets that passed every stage so far."""
        return {
            market: data
            for market, data in self.data.items()
            if all(one.outcome is Outcome.PASSED for one in self.results[market])
        }

    def add(self, results: Mapping[MarketId, StageResult]) -> None:
        for market, one in results.items():
            self.results[market].append(one)

    def standing(self, market: MarketId) -> tuple[int, float]:
        """By which timeframe a market is judged: the one on which it got furthest, then the highest plateau."""
        passed = sum(one.outcome is Outcome.PASSED for one in self.results[market])
        return passed, 0.0 if self.refined is None else self.refined.height


def prove(
    strategy: Strategy, request: Request, ground: Ground, book: Book, settings: ProofSettings, *,
    progress: Progress, keep: Keep = nothing_kept, judge: tuple[MarketId, ...] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """A proof for each market, in their order, as `Proof.as_dict` has it; of those in `judge` alone where given.

    Raises what the lake, a sweep and the ledger raise.
    """
    searcher = Searcher(strategy, ground, book, settings)
    frames = [_searched(searcher, request, timeframe_ms, progress) for timeframe_ms in request.timeframes_ms]
    found: list[dict[str, Any]] = []
    for market in request.markets if judge is None else judge:
        frame = max(frames, key=lambda one: one.standing(market))
        found.append(keep(strategy.name, market, partial(_told, searcher, frame, market, request)))
        progress(f"{strategy.name} on {market}")
    return found


def _searched(searcher: Searcher, request: Request, timeframe_ms: int, progress: Progress) -> _Timeframe:
    """Stages 1 to 3 on one timeframe."""
    needs = searcher.strategy.needs
    data = {market: searcher.ground.before_vault(market, timeframe_ms, needs) for market in request.markets}
    frame = _Timeframe(timeframe_ms, data, {market: [] for market in request.markets})
    frame.add(tournament(searcher, data))
    progress(f"{searcher.strategy.name}: tournament")
    left = frame.left()
    if left:
        frame.region = sweep_region(searcher, left, request.policy_axes)
        frame.add(frame.region.results)
    progress(f"{searcher.strategy.name}: sweep")
    left = frame.left()
    if left and frame.region is not None:
        frame.refined = refine(searcher, left, frame.region)
        frame.add(frame.refined.results)
    progress(f"{searcher.strategy.name}: refinement")
    return frame


def _told(searcher: Searcher, frame: _Timeframe, market: MarketId, request: Request) -> dict[str, Any]:
    return _judged(searcher, frame, market, request).as_dict()


def _judged(searcher: Searcher, frame: _Timeframe, market: MarketId, request: Request) -> Proof:
    """Stages 4 and 5, the examination and the vault, as far as it gets."""
    stages, data, refined = list(frame.results[market]), frame.data[market], frame.refined
    strategy, settings = searcher.strategy, searcher.settings
    evidence = no_evidence_yet(frame.timeframe_ms)

    def ended(chosen: Mapping[str, Any], *, own: bool = False) -> Proof:
        return Proof(
            strategy.name, market, frame.timeframe_ms, chosen, own, tuple(stages), evidence, settings.thresholds
        )

    if refined is None or market not in frame.left():
        return ended(resolve(strategy, {}).as_dict())
    own = own_parameters(searcher, market, data, refined)
    stages.append(own.result)
    variant = variant_with(searcher, data, own.settings)
    figures: dict[str, Figure] = {}
    if own.result.outcome is Outcome.PASSED:
        regimes, figures = judge_periods(variant, settings.thresholds)
        stages.append(regimes)
        evidence = replace(evidence, **figures)
    if all(one.outcome is Outcome.PASSED for one in stages):
        assert frame.region is not None, "what was refined was swept"
        candidate = Candidate(
            searcher, market, variant, own.plateau, shares_of(refined, request.groups),
            (frame.region.searched, refined.searched, own.searched),
        )  # fmt: skip
        examined, evidence = examine(candidate, evidence, GROUPS)
        stages.append(examined)
    if all(one.outcome is Outcome.PASSED for one in stages):
        opened, earned = open_vault(searcher, market, frame.timeframe_ms, own.settings)
        stages.append(opened)
        evidence = replace(evidence, vault_return=earned)
    return ended(own.settings, own=own.is_own)


def variant_with(searcher: Searcher, data: MarketData, settings: Mapping[str, Any]) -> Variant:
    """The variant that sets these parameters and policy fields."""
    names = {one.name for one in searcher.strategy.parameters}
    values = resolve(searcher.strategy, {name: value for name, value in settings.items() if name in names})
    rules = {name: value for name, value in settings.items() if name not in names}
    return variant_of(data, searcher.strategy, values, replace(searcher.policy, **rules))
