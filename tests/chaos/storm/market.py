"""Prices of several markets from a seed, a second at a time: the truth for the venue, and the bars that follow from it.

Every market goes through stretches, drawn from the seed: quiet, drifting, wild. Between seconds there may be a jump;
once in a while a gap, and in some seeds a crash. Prices are whole ticks and never below `FLOOR_TICKS`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tests.chaos.storm.seeds import Dice

from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.core.model.instrument import Instrument
from karat.ports.feed import Bar

FLOOR_TICKS = 1_000
# (move, drift) of a second
_STRETCHES = ((0.00002, 0.0), (0.0002, 0.0), (0.0003, 0.00006), (0.0003, -0.00006), (0.0012, 0.0))
_JUMP_SHARE, _JUMP = 0.002, 0.004
_CRASH_SHARE, _CRASH = 0.25, 0.12  # of markets; how deep, within a minute


@dataclass(frozen=True, slots=True)
class Second:
    """What happens in one second: its price in ticks, its volume in base units."""

    ticks: int
    volume: float


class Market:
    """One market's truth. Second 0 is when the storm begins; the history before it has negative seconds."""

    def __init__(self, instrument: Instrument, seed: int, start_ms: int, history_s: int, lasts_s: int) -> None:
        self.instrument, self.start_ms, self.history_s = instrument, start_ms, history_s
        dice = Dice(seed, f"market {instrument.market}")
        self.ticks = _path(dice, history_s, history_s + lasts_s)
        self.volume = 1.0 + np.floor(dice.units(len(self.ticks)) * 900.0)

    @property
    def id(self) -> MarketId:
        return self.instrument.market

    def ticks_at(self, second: int) -> int:
        """Price of a second; before and after what is there, the nearest."""
        return int(self.ticks[min(max(second + self.history_s, 0), len(self.ticks) - 1)])

    def bars(self, timeframe_ms: int, from_ts: int, until_ms: int) -> Candles:
        """The closed bars with `from_ts <= ts` and a close not after `until_ms`, on a grid from `from_ts` on."""
        width = timeframe_ms // 1_000
        first = (from_ts - self.start_ms) // 1_000 + self.history_s
        assert first >= 0, "bars before the history"
        last = min((until_ms - self.start_ms) // 1_000 + self.history_s, len(self.ticks))
        count = max((last - first) // width, 0)
        ticks = self.ticks[first : first + count * width].reshape(count, width)
        volume = self.volume[first : first + count * width].reshape(count, width).sum(axis=1)
        ts = from_ts + np.arange(count, dtype=np.int64) * timeframe_ms
        prices = (ticks[:, 0], ticks.max(axis=1), ticks.min(axis=1), ticks[:, -1]) if count else (ticks[:, 0],) * 4
        columns = [np.round(column * self.instrument.tick, 10) for column in prices]
        return Candles(self.id, timeframe_ms, ts, *columns, volume)

    def bar(self, timeframe_ms: int, ts: int, seconds: int | None = None) -> Bar:
        """The bar that opens at `ts`, or the first `seconds` of it."""
        width = timeframe_ms // 1_000 if seconds is None else seconds
        first = (ts - self.start_ms) // 1_000 + self.history_s
        ticks, tick = self.ticks[first : first + width], self.instrument.tick
        figures = (ticks[0], ticks.max(), ticks.min(), ticks[-1])
        prices = (round(float(figure) * tick, 10) for figure in figures)
        return Bar(ts, *prices, float(self.volume[first : first + width].sum()))


def _path(dice: Dice, history_s: int, seconds: int) -> NDArray[np.int64]:
    moves = np.empty(seconds)
    at = 0
    while at < seconds:
        lasts = min(dice.between(30, 300), seconds - at)
        size, drift = dice.pick(_STRETCHES)
        moves[at : at + lasts] = (dice.units(lasts) - 0.5) * (size * 12.0**0.5) + drift
        at += lasts
    jumps = dice.units(seconds)
    moves += np.where(jumps < _JUMP_SHARE, (dice.units(seconds) - 0.5) * 2.0 * _JUMP, 0.0)
    if dice.chance(_CRASH_SHARE):
        start = dice.between(history_s, seconds - 1)
        moves[start : start + 60] -= _CRASH / 60.0
    level = dice.between(20_000, 60_000)
    return np.maximum(np.round(level * np.exp(np.cumsum(moves))), FLOOR_TICKS).astype(np.int64)
