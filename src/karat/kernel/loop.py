"""The loop over bars: the meaning of a simulated trade (simulation.md), one source for every way of running it.

A bar in which nothing can happen costs a few comparisons (`quiet.py`): `down` and `up` are the prices at which the
position's stop, take or liquidation is first met, `mask` the signal bits that could change something. Everything else
calls the steps.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from karat.core.compiled import borrowing, inlined
from karat.kernel.deciding import ENTRY_BITS, decide, set_dynamic, set_trail, update_blocks, update_limit
from karat.kernel.marks import mark, new_day, open_equity, settled, simple_return
from karat.kernel.modes import has_targets, is_inverse
from karat.kernel.quiet import pass_flat, pass_held, passes_quiet
from karat.kernel.records import NO_DAY
from karat.kernel.targets import decide_target
from karat.kernel.trading import trade_bar
from karat.kernel.views import Closing, Opening

NEVER_UP, NEVER_DOWN = 1e300, -1.0
WHOLE_BAR, CLOSE_ONLY = 0, 1


@inlined
def watch(rules: Any, features: Any, holding: Any, levels: Any, trade: Any) -> Any:
    """(signed units, down price, up price, signal mask) of a position: what the loop has to look at."""
    side = holding.side
    if side == 0:
        return 0.0, NEVER_DOWN, NEVER_UP, ENTRY_BITS
    tick, near = rules.tick, 1e-6 * rules.tick
    losing = NEVER_DOWN if side > 0 else NEVER_UP
    if levels.has_stop != 0:
        losing = levels.stop * tick + side * near
    if features.margin is not None and holding.liquidation == holding.liquidation:
        liquidation = holding.liquidation + side * near
        losing = max(losing, liquidation) if side > 0 else min(losing, liquidation)
    winning = NEVER_UP if side > 0 else NEVER_DOWN
    if levels.has_take != 0:
        winning = (levels.take + side * rules.strict_limit) * tick - side * near
    units = side * (holding.lots * rules.lot) * rules.contract_size
    mask = (2 | 4 | 32) if side > 0 else (1 | 8 | 16)
    if features.adds is not None and trade.adds < rules.max_adds:
        mask |= 1 if side > 0 else 2
    if side > 0:
        return units, losing, winning, mask
    return units, winning, losing, mask


@inlined
def opening(features: Any, bars: Any, bar: int) -> Any:
    """What steps 1 to 8 read at `bar`."""
    last = max(bar - 1, 0)
    unit = bars.funding_unit[bar] if features.funding is not None else 0.0
    return Opening(
        bar, bars.ts[bar], bars.open[bar], bars.high[bar], bars.low[bar], unit, bars.timeframe_ms, bars.close[last],
        bars.atr_filled[last], bars.quantity_volume[last],
    )  # fmt: skip


@inlined
def regime_bounds(rules: Any, bars: Any, bar: int) -> Any:
    """(minimum confidence, cooldown) at `bar`; NaN confidence: the regime is unknown (rule 19)."""
    regimes = len(bars.regime_confidence)
    if regimes == 0:
        return rules.min_confidence, rules.cooldown
    regime = bars.regime[bar]
    if regime < 0 or regime >= regimes:
        return math.nan, 0
    return bars.regime_confidence[regime], bars.regime_cooldown[regime]


@inlined
def closing(rules: Any, features: Any, bars: Any, signal: Any, bar: int) -> Any:
    """What a decision reads at `bar`."""
    stop, take, scale, leverage, target = math.nan, math.nan, 1.0, rules.leverage, math.nan
    if features.overrides is not None:
        stop = signal.stop[bar] if len(signal.stop) > 1 else stop
        take = signal.take[bar] if len(signal.take) > 1 else take
        scale = signal.size_scale[bar] if len(signal.size_scale) > 1 else scale
        leverage = signal.leverage[bar] if len(signal.leverage) > 1 else leverage
    if has_targets(rules, features):
        target = signal.target[bar]
    minimum, cooldown, mean, known, minute = rules.min_confidence, 0, math.nan, math.nan, 0
    if features.filters is not None:
        minimum, cooldown = regime_bounds(rules, bars, bar)
        mean, known, minute = bars.volume_mean[bar], bars.funding_known[bar], bars.minute[bar]
    return Closing(
        bar, bars.close[bar], bars.volume[bar], mean, bars.atr[bar], bars.volatility[bar], known, minute,
        int(signal.code[bar]), signal.confidence[bar], stop, take, scale, leverage, target, minimum, cooldown,
    )  # fmt: skip


@inlined
def strides_allowed(rules: Any, features: Any, phase: int) -> bool:
    """Over a quiet span only marks move. Moving levels, limits by the day and borrow fees need each bar."""
    if features.sparse is None or phase != WHOLE_BAR or has_targets(rules, features):
        return False
    by_day = rules.daily_loss_limit == rules.daily_loss_limit or rules.loss_streak_limit > 0
    return not (moves_levels(rules, features) or by_day) and not (features.borrow is not None and rules.spot != 0)


@inlined
def moves_levels(rules: Any, features: Any) -> bool:
    """Stops or takes may move at closes."""
    trails = features.trail is not None and rules.trail_mode != 0 and not has_targets(rules, features)
    return trails or (features.dynamic is not None and rules.dynamic_levels != 0)


@inlined
def moved_levels(
    rules: Any, features: Any, bar: int, extreme: float, atr: float, own_stop: float, own_take: float, side: int,
    levels: Any, trade: Any,
) -> Any:  # fmt: skip
    """Levels after a close: dynamic ones first, then the trailing stop (rule 15)."""
    targets = has_targets(rules, features)
    if features.dynamic is not None and rules.dynamic_levels != 0:
        levels = set_dynamic(rules, own_stop, own_take, side, levels, trade, targets)
    if features.trail is not None and not targets:
        levels = set_trail(rules, bar, extreme, atr, side, levels, trade)
    return levels


@borrowing
def simulate(
    rules: Any, features: Any, bars: Any, spans: Any, detail: Any, signal: Any, log: Any, equities: Any,
    positions: Any, daily: Any, begin: int, end: int, phase: int, holding: Any, levels: Any, trade: Any, money: Any,
    order: Any, limit: Any, marks: Any, blocks: Any,
) -> Any:  # fmt: skip
    """Run bars `begin` to `end - 1` from a state; returns the number of bars done and the state after them.

    Stops early when the record (`log`, None without one) is full. `daily` is a column as in `marks.new_day`. `phase`
    runs a bar whole, or only its close (step 9), where a venue has done the rest (steps 1 to 8) order by order, so that
    a backtest and a bot share this source.
    """
    inverse = is_inverse(rules, features)
    units, down, up, mask = watch(rules, features, holding, levels, trade)
    base, average = settled(rules, money), holding.average
    moving, strides = moves_levels(rules, features), strides_allowed(rules, features, phase)
    passes = phase == WHOLE_BAR and passes_quiet(rules, features)
    if features.sparse is not None and marks.day == NO_DAY and begin < end:
        marks = new_day(marks, bars.mark_day[begin], daily)
    bar = begin
    while bar < end:
        if order.due < 0 and limit.side == 0:
            if units == 0.0:
                if features.sparse is not None:
                    bar = signal.next_entry[np.uint64(bar)]
                elif passes:
                    bar, marks = pass_flat(
                        rules, features, bars, signal, log, equities, positions, daily, bar, end, mask, base, marks,
                        blocks,
                    )  # fmt: skip
            elif passes and not moving:
                still = end if rules.time_exit == 0 else min(end, trade.entry_bar + rules.time_exit - 1)
                bar, marks = pass_held(
                    rules, features, bars, spans, signal, log, equities, positions, daily, bar, still,
                    (units, down, up, mask), strides, base, holding, marks, blocks,
                )  # fmt: skip
            if bar >= end:
                break
        place = np.uint64(bar)
        if phase != CLOSE_ONLY:
            busy = bars.low[place] < down or bars.high[place] > up or order.due == bar
            if features.funding is not None:
                busy = busy or (units != 0.0 and bars.funding_unit[place] != 0.0)
            if features.borrow is not None:
                busy = busy or (units < 0.0 and rules.spot != 0)
            if features.reentry is not None:
                busy = busy or limit.side != 0
            if busy:
                if log is not None and log.counts[0] > len(log.ints) - 64:
                    break
                now = opening(features, bars, bar)
                holding, levels, trade, money, blocks, order, limit = trade_bar(
                    rules, features, log, detail, now, holding, levels, trade, money, blocks, order, limit,
                    marks.equity,
                )  # fmt: skip
                units, down, up, mask = watch(rules, features, holding, levels, trade)
                base, average = settled(rules, money), holding.average
        if moving and units != 0.0:
            own_stop = signal.stop[place] if len(signal.stop) > 1 else math.nan
            own_take = signal.take[place] if len(signal.take) > 1 else math.nan
            extreme = bars.high[place] if units > 0.0 else bars.low[place]
            levels = moved_levels(
                rules, features, bar, extreme, bars.atr[place], own_stop, own_take, holding.side, levels, trade
            )
            units, down, up, mask = watch(rules, features, holding, levels, trade)
        equity_before = marks.equity
        equity = base
        if units != 0.0:
            equity = open_equity(inverse, base, units, average, bars.close[place])
        if bars.mark_day[place] != marks.day:
            marks = new_day(marks, bars.mark_day[place], daily)
        marks = mark(marks, equity)
        if log is not None:
            equities[place] = equity
            positions[place] = holding.side * holding.lots
        if features.filters is not None:
            blocks = update_blocks(rules, bars.risk_day[place], bars.day_boundary[place], blocks, equity, equity_before)
        on_way = order.due >= 0
        asks = int(signal.code[place]) & mask != 0
        if has_targets(rules, features):
            asks = not on_way
        elif rules.time_exit > 0 and units != 0.0:
            asks = asks or bar - trade.entry_bar + 1 >= rules.time_exit
        limits = features.reentry is not None and (limit.side != 0 or blocks.close_bar == bar)
        limits = limits and not has_targets(rules, features)
        if (asks and not on_way) or limits:
            view = closing(rules, features, bars, signal, bar)
            if has_targets(rules, features):
                order = decide_target(rules, features, log, view, holding, blocks, equity, marks.peak)
            elif asks and not on_way:
                order = decide(rules, features, log, view, holding, trade, blocks, equity, marks.peak)
            if features.reentry is not None and limits:
                limit = update_limit(
                    rules, features, view, on_way, holding, order, limit, trade, blocks, equity, marks.peak
                )
        bar += 1
    if features.sparse is not None and begin < end and bars.mark_day[end - 1] != marks.day:
        marks = new_day(marks, bars.mark_day[end - 1], daily)
    return min(bar, end), holding, levels, trade, money, order, limit, marks, blocks


@inlined
def closing_day(marks: Any) -> Any:
    """(days, sum, sum of squares) of daily returns with the last, partial day included."""
    if marks.day == NO_DAY:
        return 0, 0.0, 0.0
    gain = simple_return(marks.equity, marks.day_reference)
    return marks.days + 1, marks.sum_returns + gain, marks.sum_squares + gain * gain
