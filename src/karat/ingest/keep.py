"""Put downloaded rows into the lake: one change, in which they join what is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from karat.core.errors import InputError, RetryLater
from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.ingest.page import Bars
from karat.lake.adjust import actions_name, actions_of, actions_table
from karat.lake.names import CANDLES, MARK, series_name
from karat.lake.quality import measure
from karat.ports.clock import Clock
from karat.ports.history import VALUES, Action
from karat.ports.lake import Lake, LakeChange, Quality

T = TypeVar("T")

_LAKE_TRIES = 120
_LAKE_WAIT_SECONDS = 0.5  # an import holds the lake for seconds; a minute is long enough to wait for one


async def changing(lake: Lake, clock: Clock, change_it: Callable[[LakeChange], T]) -> T:
    """Run one change of the lake; wait for others who change it, while the rest of this process goes on."""
    for left in reversed(range(_LAKE_TRIES)):
        try:
            with lake.change() as change:
                return change_it(change)
        except RetryLater as error:
            if left == 0 or error.code != "lake_busy":
                raise
        await clock.sleep(_LAKE_WAIT_SECONDS)
    raise AssertionError("the last try returns or raises")


class Shelf:
    """The place of one series in the lake: candles of a market at a timeframe, or its mark prices."""

    def __init__(self, lake: Lake, clock: Clock, market: MarketId, timeframe_ms: int, *, mark: bool) -> None:
        self._lake, self._clock, self._market, self._step, self._mark = lake, clock, market, timeframe_ms, mark

    def stored(self) -> Candles | None:
        """What lies there, where it lies, or None. Nothing is built from finer bars."""
        if self._mark:
            return self._lake.mark(self._market, self._step)
        there = any((one.market, one.timeframe_ms) == (self._market, self._step) for one in self._lake.list())
        return self._lake.candles(self._market, self._step) if there else None

    async def keep(self, fresh: Bars, source: str, revised: str, *, sessions: bool, anew: bool) -> None:
        """Join `fresh` to what lies there, `fresh` winning.

        `anew`: the vendor was asked for all bars, so that they may take the place of a series in quarantine.
        `source` and `revised` (words about bars that changed, or "") go into the quality. Raises RetryLater `lake_busy`
        after a minute of waiting, `disk_full`, NeedsOperator `series_quarantined`; then nothing changed.
        """
        put = partial(self._put_mark if self._mark else self._put, fresh, source, revised, sessions, anew)
        await changing(self._lake, self._clock, put)

    def _put(self, fresh: Bars, source: str, revised: str, sessions: bool, anew: bool, change: LakeChange) -> None:
        market, step = self._market, self._step
        lost = anew and change.quarantined(series_name(CANDLES, market, step))
        old = None if lost else change.candles(market, step)
        told, before = change.sessions(market), change.quality(market, step)
        closes = sessions if told is None else told
        known = before is not None and any(source in told for told in before.sources)
        if old is not None and known and fresh.ts[0] > old.ts[-1]:
            change.append_candles(candles_of(market, step, fresh), sessions=closes)  # costs what they cost alone
            return
        whole = candles_of(market, step, Bars.of(old).with_bars(fresh))
        change.put_candles(whole, _quality(whole, before, source, revised, sessions=closes), sessions=closes)

    def _put_mark(self, fresh: Bars, source: str, revised: str, sessions: bool, anew: bool, change: LakeChange) -> None:
        lost = anew and change.quarantined(series_name(MARK, self._market, self._step))
        old = None if lost else change.mark(self._market, self._step)
        whole = candles_of(self._market, self._step, Bars.of(old).with_bars(fresh))
        quality = _quality(whole, None, source, revised, sessions=sessions)
        change.put_mark(whole, replace(quality, zero_volume_bars=0, oddities=()))


async def keep_actions(lake: Lake, clock: Clock, market: MarketId, actions: tuple[Action, ...]) -> None:
    """Store splits and dividends of a market, all of them, where they differ from those that are stored."""
    table = actions_table(actions)

    def put(change: LakeChange) -> None:
        old = None if change.quarantined(actions_name(market)) else change.table(actions_name(market))
        if len(table) and (old is None or actions_of(old) != actions):
            change.put_table(actions_name(market), table)

    await changing(lake, clock, put)


def candles_of(market: MarketId, timeframe_ms: int, bars: Bars) -> Candles:
    """Bars as candles."""
    columns = {name: bars.values[:, column].copy() for column, name in enumerate(VALUES)}
    return Candles(market, timeframe_ms, bars.ts, **columns)


def refuse_simulated(lake: Lake, market: MarketId) -> None:
    """Real bars never join invented ones."""
    if any(entry.market == market and entry.quality.simulated for entry in lake.list()):
        message = f"{market} holds simulated bars in the lake."
        raise InputError("simulated_market", message, "Download a market of a real venue.")


def first_bar_ms(lake: Lake, market: MarketId) -> int | None:
    """The open time of the first candle of a market in the lake, of any timeframe, or None."""
    return min((entry.first_ts for entry in lake.list() if entry.market == market), default=None)


def _quality(whole: Candles, before: Quality | None, source: str, revised: str, *, sessions: bool) -> Quality:
    measured, earlier = measure(whole, sessions=sessions), before or Quality()
    return replace(
        measured,
        accepted=earlier.accepted,
        repairs=tuple(dict.fromkeys((*earlier.repairs, *((revised,) if revised else ())))),
        sources=tuple(dict.fromkeys((*earlier.sources, source))),
    )
