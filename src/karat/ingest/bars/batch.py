"""Bars of a stored tape, all of them, from its first trade: what is stored of them already must come out the same.

The lake changes once a day of trades, so that others may change it between, and a run that is killed leaves whole days;
the next one finds them to be the same and goes on behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from karat.bars import BarSpec
from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.time import HOUR_MS
from karat.ingest.bars.builder import BarBuilder, BarReport, target_of
from karat.ingest.bars.making import fresh_progress
from karat.ingest.bars.tapes import Tape, stretches, tape_of
from karat.ports.lake import Lake

LAKE_WAIT_SECONDS = 10.0
PAUSE_MS = HOUR_MS


@dataclass(frozen=True, slots=True)
class BarChoices:
    """`tape`: "imported", "streamed", or None for the one there is. `candles`: see `target_of`. `replace`: what is
    built wins over what is stored."""

    tape: str | None = None
    pause_ms: int = PAUSE_MS
    candles: bool | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class TapeReport:
    """What was built of a tape. `cuts` are the places where trades are missing, its begin being one; `waiting` are, for
    each kind, trades in no bar, as the first ATR was not known; `candles` says whether time bars became candles."""

    tape: Tape
    trades: int
    late: int
    unusable: int
    cuts: int
    kinds: tuple[BarReport, ...]
    waiting: tuple[int, ...]
    candles: bool


def build_stored(
    lake: Lake, market: MarketId, specs: Sequence[BarSpec], choices: BarChoices, told: Callable[[int], None]
) -> TapeReport:
    """Build and store. `told` is given the trades taken so far.

    Raises InputError as `tape_of`, `brick_too_small`, `bars_differ`, `simulated_market`; RetryLater `lake_busy`,
    `disk_full`: what was stored by then is whole.
    """
    tape = tape_of(lake, market, choices.tape, choices.pause_ms)
    target = target_of(lake, market, tape.name.variant, choices.candles, replace=choices.replace)
    builder = BarBuilder(specs, tape.cutter, target, fresh_progress(specs))
    for stretch in stretches(lake, tape):
        with lake.change(LAKE_WAIT_SECONDS) as change:
            builder.take(change, stretch)
        builder.taken()
        told(builder.progress.state.accepted)
    _refuse_more(lake, builder.reports)
    state, cuts = builder.progress.state, builder.progress.cuts
    return TapeReport(
        tape, state.accepted, state.late, state.unusable, cuts, builder.reports, state.waiting, target.candles
    )


def _refuse_more(lake: Lake, reports: Sequence[BarReport]) -> None:
    stored = {entry.name: entry.rows for entry in lake.tables()}
    for report in reports:
        if stored.get(report.name, 0) > report.bars:
            message = f"The lake has {stored[report.name]} bars of {report.spec.name}, its trades give {report.bars}."
            raise InputError("bars_differ", message, "Build them anew: karat data bars MARKET --replace.")
