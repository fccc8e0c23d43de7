"""Hostile markets, made in code and the same everywhere: what a strategy must survive without seeing the future.

Each is a random walk with one thing wrong. The noise comes from a counter through a fixed mixing function (splitmix64,
Steele, Lea, Flood 2014), not from a library generator, so that a market never changes with a version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.ids import market_id
from karat.core.model.candles import Candles, Floats, Funding, Ints, Series
from karat.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from karat.strategies.legs import LEG_CLOSES, leg_closes
from karat.strategies.market import Market

FIRST_TS = 1_700_006_400_000  # 2023-11-15T00:00:00Z, a round number of days
PUBLICATION_DELAY_MS = 9 * HOUR_MS + 5 * MINUTE_MS  # a daily figure is out the next morning
REVISION_DELAY_MS = 3 * DAY_MS  # every fourth figure is another one three days later
FUNDING_INTERVAL_MS = 8 * HOUR_MS


def hostile_markets(bars: int, needs: Sequence[str]) -> dict[str, Market]:
    """Hourly markets of `bars` bars by name, each with every series named in `needs`."""
    return {name: _market(name, seed, bars, needs) for seed, name in enumerate(_RECIPES, start=1)}


def noise(seed: int, count: int) -> Floats:
    """`count` numbers in [-1, 1), evenly spread, fixed by `seed`."""
    x = (np.arange(count, dtype=np.uint64) + np.uint64(seed * 1_000_003 + 1)) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0


def _market(name: str, seed: int, bars: int, needs: Sequence[str]) -> Market:
    walk = 100.0 * np.exp(0.3 * np.sin(np.arange(bars) / 37.0) + np.cumsum(0.012 * noise(seed, bars)))
    open_ = np.concatenate((walk[:1], walk[:-1])) * (1.0 + 0.0005 * noise(seed + 50, bars))
    wick = 1.0 + 0.004 * np.abs(noise(seed + 100, bars))
    columns: Columns = {
        "ts": FIRST_TS + HOUR_MS * np.arange(bars, dtype=np.int64),
        "open": open_,
        "high": np.maximum(open_, walk) * wick,
        "low": np.minimum(open_, walk) / wick,
        "close": walk,
        "volume": 50.0 + 40.0 * noise(seed + 200, bars),
    }
    _RECIPES[name](columns, seed)
    candles = Candles(market_id(f"hostile:{name.upper()}"), HOUR_MS, **columns)
    holes = name == "holes"
    series = [
        _daily(need, candles.ts, seed + 300 + k, holes)
        for k, need in enumerate(needs)
        if need != "funding" and need not in LEG_CLOSES
    ]
    series += [one for one in leg_closes(candles, _second_leg(candles, seed)) if one.name in needs]
    funding = _funding(candles.ts, seed, holes) if "funding" in needs else None
    return Market(candles, funding, series)


def _daily(name: str, ts: Ints, seed: int, holes: bool) -> Series:
    """One value a day, published the next morning, every fourth revised later: the first print and the revision are
    rows of their own, in order of becoming known. With holes it starts late and every fifth value is missing."""
    days = np.arange(int(ts[0]) - 3 * DAY_MS, int(ts[-1]) + DAY_MS, DAY_MS, dtype=np.int64)
    value = 50.0 + 45.0 * noise(seed, len(days))
    if holes:
        value[::5] = np.nan
        days, value = days[8:], value[8:]
    available = days + DAY_MS + PUBLICATION_DELAY_MS
    revised = slice(None, None, 4)
    ts = np.concatenate((days, days[revised]))
    known = np.concatenate((available, available[revised] + REVISION_DELAY_MS))
    values = np.concatenate((value, 100.0 - value[revised]))
    order = np.lexsort((ts, known))
    return Series(name, ts[order], known[order], values[order])


def _second_leg(candles: Candles, seed: int) -> Candles:
    """A market that follows the first, strays from it and comes back, and lacks a bar now and then."""
    bars = len(candles)
    strayed = 0.06 * np.sin(np.arange(bars) / 17.0) ** 15 + 0.004 * noise(seed + 500, bars)
    there = noise(seed + 501, bars) < 0.96
    close = (candles.close * np.exp(strayed))[there]
    columns = dict.fromkeys(("open", "high", "low", "close"), close)
    return Candles(
        market_id("hostile:SECOND"), candles.timeframe_ms, candles.ts[there], volume=candles.volume[there], **columns
    )


def _funding(ts: Ints, seed: int, holes: bool) -> Funding:
    first = int(ts[0]) + (20 * DAY_MS if holes else -DAY_MS)
    stamps = np.arange(first, int(ts[-1]) + HOUR_MS, FUNDING_INTERVAL_MS, dtype=np.int64)
    return Funding(stamps, 0.0003 * noise(seed + 400, len(stamps)), np.full(len(stamps), np.nan))


Columns = dict[str, Any]  # arrays by the names of Candles, still writable


def _walk(columns: Columns, seed: int) -> None:
    """Nothing wrong."""


def _flat(columns: Columns, seed: int) -> None:
    """The price never moves; something is traded."""
    for name in ("open", "high", "low", "close"):
        columns[name][:] = 100.0


def _frozen(columns: Columns, seed: int) -> None:
    """Twice the market stops: first without volume, then with volume at one price."""
    bars = len(columns["close"])
    for first, last, silent in ((bars // 3, bars // 3 + bars // 6, True), (2 * bars // 3, bars - 20, False)):
        price = columns["close"][first - 1]
        for name in ("open", "high", "low", "close"):
            columns[name][first:last] = price
        columns["open"][last] = price
        columns["high"][last] = max(columns["high"][last], price)
        columns["low"][last] = min(columns["low"][last], price)
        if silent:
            columns["volume"][first:last] = 0.0


def _silent(columns: Columns, seed: int) -> None:
    """Prices move, but for long stretches nothing is traded."""
    bars = len(columns["close"])
    columns["volume"][bars // 4 : bars // 2] = 0.0
    columns["volume"][3 * bars // 4 :] = 0.0


def _holes(columns: Columns, seed: int) -> None:
    """Bars are missing, one here and two days there, and the price jumps over them."""
    missing = np.where(noise(seed + 1, len(columns["ts"])) > 0.9, 1, 0)
    missing[:: max(1, len(missing) // 4)] += 48
    columns["ts"] += HOUR_MS * np.cumsum(missing)
    _scale(columns, np.cumprod(1.0 + 0.05 * missing.clip(0, 1) * noise(seed + 2, len(missing))))


def _jumps(columns: Columns, seed: int) -> None:
    """Once in thirty bars the price opens a tenth to a half away."""
    size = np.where(np.abs(noise(seed + 3, len(columns["ts"]))) > 0.97, noise(seed + 4, len(columns["ts"])), 0.0)
    _scale(columns, np.cumprod(1.0 + 0.5 * size))


def _spikes(columns: Columns, seed: int) -> None:
    """Single bars whose wick reaches to a tenth or ten times the price."""
    spiked = noise(seed + 5, len(columns["ts"])) > 0.95
    columns["high"][spiked] *= 10.0
    columns["low"][::17] *= 0.1


def _tiny(columns: Columns, seed: int) -> None:
    """Prices near 1e-8."""
    _scale(columns, np.full(len(columns["ts"]), 1e-10))


def _huge(columns: Columns, seed: int) -> None:
    """Prices near 1e10 and volumes near 1e12."""
    _scale(columns, np.full(len(columns["ts"]), 1e8))
    columns["volume"] *= 1e10


def _scale(columns: Columns, factor: NDArray[Any]) -> None:
    for name in ("open", "high", "low", "close"):
        columns[name] *= factor


_RECIPES: dict[str, Callable[[Columns, int], None]] = {
    "walk": _walk,
    "flat": _flat,
    "frozen": _frozen,
    "silent": _silent,
    "holes": _holes,
    "jumps": _jumps,
    "spikes": _spikes,
    "tiny": _tiny,
    "huge": _huge,
}
