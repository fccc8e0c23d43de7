"""Put downloaded bars into the lake: one change, in which they join what is there."""

from __future__ import annotations

from dataclasses import replace

from karat.core.errors import InputError, RetryLater
from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.ingest.page import Bars
from karat.lake.quality import measure
from karat.ports.clock import Clock
from karat.ports.history import VALUES
from karat.ports.lake import Lake, Quality

_LAKE_TRIES = 120
_LAKE_WAIT_SECONDS = 0.5  # an import holds the lake for seconds; a minute is long enough to wait for one


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
) -> Candles:
    """Join `fresh` to the stored candles, `fresh` winning, and store the whole. Returns it.

    `source` and `revised` (words about bars that changed, or "") go into the quality. Raises RetryLater `lake_busy`
    after a minute of waiting, `disk_full`; then nothing changed.
    """
    for left in reversed(range(_LAKE_TRIES)):
        try:
            with lake.change() as change:
                whole = candles_of(market, timeframe_ms, Bars.of(change.candles(market, timeframe_ms)).with_bars(fresh))
                told = change.sessions(market)
                sessions = sessions if told is None else told
                quality = _quality(whole, change.quality(market, timeframe_ms), source, revised, sessions=sessions)
                change.put_candles(whole, quality, sessions=sessions)
                return whole
        except RetryLater as error:
            if left == 0 or error.code != "lake_busy":
                raise
        await clock.sleep(_LAKE_WAIT_SECONDS)
    raise AssertionError("the last try returns or raises")


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
