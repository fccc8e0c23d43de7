"""Put downloaded bars into the lake: one change, in which they join what is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from karat.core.errors import InputError, RetryLater
from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.ingest.page import Bars
from karat.lake.adjust import actions_name, actions_of, actions_table
from karat.lake.names import CANDLES, series_name
from karat.lake.quality import measure
from karat.ports.clock import Clock
from karat.ports.history import VALUES, Action
from karat.ports.lake import Lake, LakeChange, Quality

T = TypeVar("T")

_LAKE_TRIES = 120
_LAKE_WAIT_SECONDS = 0.5  # an import holds the lake for seconds; a minute is long enough to wait for one


async def _changing(lake: Lake, clock: Clock, change_it: Callable[[LakeChange], T]) -> T:
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


async def keep(
    lake: Lake,
    clock: Clock,
    market: MarketId,
    timeframe_ms: int,
    fresh: Bars,
    source: str,
    revised: str,
    *,
    sessions: bool,
    anew: bool = False,
) -> Candles:
    """Join `fresh` to the stored candles, `fresh` winning, and store the whole. Returns it.

    `anew`: the vendor was asked for all bars, so that they may take the place of a series in quarantine.
    `source` and `revised` (words about bars that changed, or "") go into the quality. Raises RetryLater `lake_busy`
    after a minute of waiting, `disk_full`, NeedsOperator `series_quarantined`; then nothing changed.
    """

    def join(change: LakeChange) -> Candles:
        told, lost = change.sessions(market), change.quarantined(series_name(CANDLES, market, timeframe_ms))
        old = None if anew and lost else change.candles(market, timeframe_ms)
        whole = candles_of(market, timeframe_ms, Bars.of(old).with_bars(fresh))
        closes = sessions if told is None else told
        quality = _quality(whole, change.quality(market, timeframe_ms), source, revised, sessions=closes)
        change.put_candles(whole, quality, sessions=closes)
        return whole

    return await _changing(lake, clock, join)


async def keep_actions(lake: Lake, clock: Clock, market: MarketId, actions: tuple[Action, ...]) -> None:
    """Store splits and dividends of a market, all of them, where they differ from those that are stored."""
    table = actions_table(actions)

    def put(change: LakeChange) -> None:
        old = None if change.quarantined(actions_name(market)) else change.table(actions_name(market))
        if len(table) and (old is None or actions_of(old) != actions):
            change.put_table(actions_name(market), table)

    await _changing(lake, clock, put)


def candles_of(market: MarketId, timeframe_ms: int, bars: Bars) -> Candles:
    """Bars as candles."""
    columns = {name: bars.values[:, column].copy() for column, name in enumerate(VALUES)}
    return Candles(market, timeframe_ms, bars.ts, **columns)


def refuse_simulated(market: MarketId, quality: Quality | None) -> None:
    """Real bars never join invented ones."""
    if quality is not None and quality.simulated:
        message = f"{market} holds simulated bars in the lake."
        raise InputError("simulated_market", message, "Download a market of a real venue.")


def _quality(whole: Candles, before: Quality | None, source: str, revised: str, *, sessions: bool) -> Quality:
    measured, earlier = measure(whole, sessions=sessions), before or Quality()
    return replace(
        measured,
        accepted=earlier.accepted,
        repairs=tuple(dict.fromkeys((*earlier.repairs, *((revised,) if revised else ())))),
        sources=tuple(dict.fromkeys((*earlier.sources, source))),
    )
