"""The run of a calibration: panels are made, judged and kept one by one, on all cores, and gone on with when killed.

1. Everything that decides the outcome makes the id of the folder (`outcomes.py`).
2. Planted edges are sized and measured first; what was found is kept.
3. Each panel is made in a worker process from a few numbers, judged there, and its outcome added to the folder as soon
   as it is known. Nothing but that comes back, so memory does not grow with the number of markets.

The outcomes are the same whatever the number of workers, but for the seconds.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from karat.core.errors import InputError
from karat.research.calibration.edges import Nature
from karat.research.calibration.markets import (
    BARS,
    PANEL_SIZE,
    PanelSpec,
    Planted,
    Source,
    Truth,
    World,
    planted_name,
    sources_hash,
)
from karat.research.calibration.naive import accepted
from karat.research.calibration.outcomes import CalibrationFolder, MarketOutcome, PanelOutcome, rooms_hash
from karat.research.calibration.planted import MEASURING_MARKETS, SIZING_MARKETS, Planting, planting
from karat.research.calibration.prover import Prover

Clock = Callable[[], float]
"""Seconds that never go back, from any beginning."""

MARKETS = 600
PLANTED_MARKETS = 80
_EDGELESS = (Truth.SIMULATED, Truth.SHUFFLED)


@dataclass(frozen=True, slots=True)
class Asked:
    """How much is calibrated: `markets` without an edge, half of them simulated and half shuffled, and
    `planted_markets` for each of `natures` and each of `powers`, the true annual Sharpe ratios. Both are rounded up to
    whole panels.
    `sizing` and `measuring` are how many markets of each source planted edges are sized and measured on."""

    seed: int = 0
    markets: int = MARKETS
    planted_markets: int = PLANTED_MARKETS
    panel_size: int = PANEL_SIZE
    natures: tuple[Nature, ...] = tuple(Nature)
    powers: tuple[float, ...] = (1.0, 2.0, 3.0)
    bars: int = BARS
    sizing: int = SIZING_MARKETS
    measuring: int = MEASURING_MARKETS

    def __post_init__(self) -> None:
        if self.seed < 0 or self.panel_size < 1 or self.markets < 1 or self.planted_markets < 1:
            raise InputError(
                "bad_count", "Seeds and counts of a calibration are whole numbers above 0; a seed may be 0."
            )
        if len(set(self.powers)) < len(self.powers) or any(not 0.0 < one <= 10.0 for one in self.powers):
            hint = "Give different ones above 0 and up to 10: --powers 1,2,3."
            raise InputError("bad_powers", f"{self.powers} are no true Sharpe ratios to be detected.", hint)

        if not self.natures or len(set(self.natures)) < len(self.natures):
            hint = "Give different ones: --natures trend reversion."
            raise InputError("bad_natures", "Each nature of planted edges is given once, and one at least.", hint)

    @property
    def planted(self) -> tuple[Planted, ...]:
        """Every nature with every power."""
        return tuple((nature, power) for nature in self.natures for power in self.powers)

    @property
    def panels(self) -> tuple[PanelSpec, ...]:
        """All panels, kinds in turn, so that a part of a calibration has something of each."""
        edgeless = -(-self.markets // (len(_EDGELESS) * self.panel_size))
        planted = -(-self.planted_markets // self.panel_size) if self.powers else 0
        found: list[PanelSpec] = []
        for number in range(max(edgeless, planted)):
            if number < edgeless:
                found += [PanelSpec(truth, number, self.panel_size) for truth in _EDGELESS]
            if number < planted:
                size = self.panel_size
                found += [PanelSpec(Truth.PLANTED, number, size, power, nature) for nature, power in self.planted]
        return tuple(found)

    def as_dict(self) -> dict[str, Any]:
        """For json."""
        return {
            "seed": self.seed, "markets": self.markets, "planted_markets": self.planted_markets,
            "panel_size": self.panel_size, "natures": [one.value for one in self.natures], "powers": list(self.powers),
            "bars": self.bars, "sizing": self.sizing, "measuring": self.measuring,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What was found: the outcome of every panel, in the order of `Asked.panels`. `planted` says, for each nature and
    true Sharpe ratio by their `planted_name`, how strong its edges are and what they are worth, as `_planted` keeps it.
    """

    id: str
    asked: Asked
    sources: tuple[Source, ...]
    prover: Mapping[str, Any]
    planted: Mapping[str, Any]
    panels: tuple[PanelOutcome, ...]


def calibrate(
    sources: Sequence[Source],
    prover: Prover,
    asked: Asked,
    clock: Clock,
    *,
    home: Path | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Calibration:
    """Judge every panel that is not kept yet. `clock` goes to worker processes, as `prover` does.

    `progress` is told how many more panels are known, and of how many. Raises InputError `edge_out_of_reach`,
    RetryLater `disk_full`, NeedsOperator `calibration_damaged`, and what the prover raises.
    """
    assert workers >= 1 and len(sources) > 0, "somebody works, on markets that take after something"
    spec = {
        "asked": asked.as_dict(),
        "prover": dict(prover.told),
        "sources": [one.candles.market for one in sources],
        "bars_hash": sources_hash(sources),
        "code_hash": rooms_hash(),
    }
    folder = CalibrationFolder.of(spec, home)
    planted = _planted(folder, sources, asked)
    strengths = {one: tuple(planted[planted_name(*one)]["strengths"]) for one in asked.planted}
    desk = Desk(World(asked.seed, tuple(sources), strengths, asked.bars), prover, clock)
    known, panels = folder.outcomes(), asked.panels
    missing = [one for one in panels if one.name not in known]
    if progress is not None:
        progress(len(panels) - len(missing), len(panels))
    for outcome in _judged(desk, missing, workers):
        folder.add(outcome)
        known[outcome.panel] = outcome
        if progress is not None:
            progress(1, len(panels))
    found = tuple(known[one.name] for one in panels)
    return Calibration(folder.id, asked, tuple(sources), prover.told, planted, found)


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """What a worker needs to judge a panel."""

    world: World
    prover: Prover
    clock: Clock

    def judge(self, spec: PanelSpec) -> PanelOutcome:
        """Make a panel and judge it. Naive rules are asked where there is no edge, and their time is not counted."""
        began = self.clock()
        panel = self.world.panel(spec)
        made = self.clock()
        verdicts = self.prover.judge(panel)
        done = self.clock()
        assert len(verdicts) == len(panel.markets), "each market has a verdict"
        naive = [accepted(one) if spec.truth is not Truth.PLANTED else None for one in panel.markets]
        markets = tuple(
            MarketOutcome(one.grade.value, one.decided_by, rules) for one, rules in zip(verdicts, naive, strict=True)
        )
        nature = None if spec.nature is None else spec.nature.value
        return PanelOutcome(spec.name, spec.truth.value, nature, spec.power, done - made, made - began, markets)


_desks: list[Desk] = []  # of a worker process: one, put there when it starts


def _take_desk(desk: Desk) -> None:
    """Ctrl-C reaches every process; the one that began it all stops the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _desks[:] = [desk]


def _judge(spec: PanelSpec) -> PanelOutcome:
    return _desks[0].judge(spec)


def _judged(desk: Desk, specs: Iterable[PanelSpec], workers: int) -> Iterator[PanelOutcome]:
    """Outcomes in the order in which they are known."""
    if workers == 1:
        yield from map(desk.judge, specs)
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_take_desk, initargs=(desk,)) as pool:
        rest = iter(specs)
        waiting: set[Future[PanelOutcome]] = set()
        try:
            while True:
                while len(waiting) < 2 * workers and (spec := next(rest, None)) is not None:
                    waiting.add(pool.submit(_judge, spec))
                if not waiting:
                    return
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in done)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _planted(folder: CalibrationFolder, sources: Sequence[Source], asked: Asked) -> dict[str, Any]:
    """Strengths and worth for each nature and power, by their name; worked out once."""
    kept: dict[str, Any] | None = folder.kept("planted")
    if kept is None:
        found = planting(
            sources, asked.natures, asked.powers, asked.seed, sizing=asked.sizing, measuring=asked.measuring
        )
        kept = _planting_json(found)
        folder.keep("planted", kept)
    return kept


def _planting_json(found: Planting) -> dict[str, Any]:
    return {
        planted_name(*one): {"strengths": list(strengths), "worth": found.worths[one].as_dict()}
        for one, strengths in found.strengths.items()
    }
