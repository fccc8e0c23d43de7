"""A table of outcomes: what becomes of each entry at each stop and each take of a grid, whoever holds the position.

It serves policies that differ in nothing but the values of their stops and takes, where the price of an entry does not
depend on its size. Then the fill of an entry, the bar and price at which a level closes it, and the open at which its
signals or its time make it leave are the same for all of them; only sizes and money are a policy's own (`levels.py`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from karat.core.calc.costs import taker_price
from karat.core.calc.margin import liquidation_price
from karat.core.compiled import compiled, inlined
from karat.core.model.candles import Floats, Ints
from karat.kernel.booking import distance_of_stop, protection
from karat.kernel.by_trade.ground import closing, opening, track_of
from karat.kernel.by_trade.search import quiet_until
from karat.kernel.columns import rules_of
from karat.kernel.deciding import LONG, SHORT
from karat.kernel.entries import NONE, entry_leverage, first_no, level_distance
from karat.kernel.features import SIMPLE
from karat.kernel.fills import fill_slippage
from karat.kernel.loop import NEVER_DOWN, NEVER_UP, watch
from karat.kernel.records import NO_DAY, Blocks, Holding, Trade
from karat.kernel.trading import beyond, take_touched

_NO_BLOCKS = Blocks(NO_DAY, 0.0, 0, 0, -1, 0, 0, 0.0)
_NO_TRADE = Trade(-1, -1, -1, 0.0, 0.0, 0, 0, 0.0, 0.0, 0.0, 0.0)
_NO_MARGIN = SIMPLE._replace(margin=None)
_ENTRIES_A_RUN = 8
UNTOUCHED = 2**31 - 1  # a bar that never comes


class Outcomes(NamedTuple):
    """Per entry, in order of time; per level a row of entries after the other.

    `bar` decides, the fill is at the next open. A take that a gap fills comes before the stop of the same bar.
    """

    bar: Ints
    side: Ints
    fill: Floats
    leave: Ints  # bar that decides to leave, n when none does
    leave_fill: Floats  # at the open after it, NaN when there is none
    stop_bar: NDArray[np.int32]
    stop_fill: Floats
    take_bar: NDArray[np.int32]
    take_price: Floats
    take_gaps: NDArray[np.uint8]


def entry_bars(code: NDArray[np.uint8]) -> Ints:
    """The bars whose signals ask for an entry that can be filled."""
    return np.flatnonzero((code[:-1] & (LONG | SHORT)) != 0).astype(np.int64)


def is_worth_a_table(code: NDArray[np.uint8]) -> bool:
    """Few entries follow one another bar after bar. Where many do, each policy takes few of them and passes over the
    rest, which costs more than to search for what it takes."""
    sides = code & (LONG | SHORT)
    runs = int(np.count_nonzero((sides[1:] != sides[:-1]) & (sides[1:] != 0))) + int(sides[:1].any())
    return 0 < int(np.count_nonzero(sides)) <= _ENTRIES_A_RUN * runs


def room_for_outcomes(bars: Ints, stops: int, takes: int) -> Outcomes:
    """Outcomes not found yet."""
    entries = len(bars)
    return Outcomes(
        bars, np.zeros(entries, np.int64), np.zeros(entries), np.zeros(entries, np.int64), np.zeros(entries),
        np.zeros(stops * entries, np.int32), np.zeros(stops * entries),
        np.zeros(takes * entries, np.int32), np.zeros(takes * entries), np.zeros(takes * entries, np.uint8),
    )  # fmt: skip


@inlined
def taker_fill(rules: Any, track: Any, bar: int, side: int, raw: float) -> float:
    """Price of a taker fill at `bar` that does not depend on its size."""
    return taker_price(raw, side, rules.half_spread, fill_slippage(rules, opening(track, bar), 0))


@inlined
def thresholds(rules: Any, levels: Any, side: int, price: float) -> Any:
    """(low or high that may touch the stop, the same of the take) of a position, liquidations left out."""
    holding = Holding(side, 1, 1, price, 1.0, math.nan, math.nan)
    _units, down, up, _mask = watch(rules, _NO_MARGIN, holding, levels, _NO_TRADE)
    return (down, up) if side > 0 else (up, down)


@inlined
def stop_outcome(rules: Any, track: Any, entry_bar: int, side: int, levels: Any, touched: float) -> Any:
    """(bar, fill) of the stop if nothing comes before it."""
    down, up = (touched, NEVER_UP) if side > 0 else (NEVER_DOWN, touched)
    stop, bar = levels.stop * rules.tick, entry_bar
    while levels.has_stop != 0:
        bar = quiet_until(track, down, up, bar, track.bars)
        if bar >= track.bars:
            break
        if beyond(side, track.low[bar] if side > 0 else track.high[bar], stop, rules.tick):
            raw = min(track.open[bar], stop) if side > 0 else max(track.open[bar], stop)
            return bar, taker_fill(rules, track, bar, -side, raw)
        bar += 1
    return UNTOUCHED, math.nan


@inlined
def take_outcome(rules: Any, track: Any, entry_bar: int, side: int, levels: Any, touched: float) -> Any:
    """(bar, price, 1 when a gap fills it) of the take if nothing comes before it."""
    down, up = (NEVER_DOWN, touched) if side > 0 else (touched, NEVER_UP)
    bar = entry_bar
    while levels.has_take != 0:
        bar = quiet_until(track, down, up, bar, track.bars)
        if bar >= track.bars:
            break
        if bar > entry_bar and take_touched(rules, side, levels.take, track.open[bar]):
            return bar, levels.take * rules.tick, 1
        if take_touched(rules, side, levels.take, track.high[bar] if side > 0 else track.low[bar]):
            return bar, levels.take * rules.tick, 0
        bar += 1
    return UNTOUCHED, math.nan, 0


@inlined
def liquidation_first(
    rules: Any, track: Any, entry_bar: int, side: int, price: float, leverage: float, stop: float, stop_bar: int
) -> bool:
    """Liquidation could come before the stop, or without one, or in the gap that meets the stop: a table of levels does
    not know it."""
    liquidation = liquidation_price(False, side, price, leverage, rules.maintenance_rate)
    if liquidation != liquidation:
        return False
    distance = distance_of_stop(rules, price, stop)
    if not side * (price - liquidation) - distance > 2.0 * rules.tick:
        return True
    return entry_bar < stop_bar < track.bars and beyond(side, track.open[stop_bar], liquidation, rules.tick)


@compiled
def find_outcomes(
    row: Floats, stop_values: Floats, take_values: Floats, stop_index: int, take_index: int, features: Any, bars: Any,
    ground: Any, signal: Any, events: Any, outcomes: Any,
) -> bool:  # fmt: skip
    """Fill `outcomes` for the levels given; False where a liquidation could come first. `row` is the policies' own but
    for its levels, at `stop_index` and `take_index`."""
    track = track_of(bars, ground, signal.code, signal.confidence, events)
    entries, level_row = len(outcomes.bar), row.copy()
    rules = rules_of(row)
    for entry in range(entries):
        bar = outcomes.bar[entry]
        due, side = bar + 1, 1 if int(signal.code[bar]) & LONG != 0 else -1
        view = closing(rules, track, bar)
        price = taker_fill(rules, track, due, side, track.open[due])
        leverage = entry_leverage(rules, view, side)
        leave = int(events.leave_long[due] if side > 0 else events.leave_short[due])
        leave = min(leave, due + rules.time_exit - 1) if rules.time_exit > 0 else leave
        outcomes.side[entry] = (
            side if first_no(rules, features, view, side, False, False, 1.0, _NO_BLOCKS) == NONE else 0
        )
        outcomes.fill[entry], outcomes.leave[entry] = price, leave
        out = leave + 1
        outcomes.leave_fill[entry] = (
            taker_fill(rules, track, out, -side, track.open[out]) if out < track.bars else math.nan
        )
        for level in range(len(stop_values)):
            level_row[stop_index] = stop_values[level]
            own = rules_of(level_row)
            stop = level_distance(own.stop_mode, own.stop_value, math.nan, view.atr)
            levels = protection(own, side, price, stop, math.nan)
            at = level * entries + entry
            losing, _ = thresholds(own, levels, side, price)
            outcomes.stop_bar[at], outcomes.stop_fill[at] = stop_outcome(own, track, due, side, levels, losing)
            if liquidation_first(own, track, due, side, price, leverage, stop, int(outcomes.stop_bar[at])):
                return False
        for level in range(len(take_values)):
            level_row[take_index] = take_values[level]
            own = rules_of(level_row)
            take = level_distance(own.take_mode, own.take_value, math.nan, view.atr)
            levels = protection(own, side, price, math.nan, take)
            at = level * entries + entry
            _, winning = thresholds(own, levels, side, price)
            outcomes.take_bar[at], outcomes.take_price[at], outcomes.take_gaps[at] = take_outcome(
                own, track, due, side, levels, winning
            )
    return True
