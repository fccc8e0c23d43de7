"""Bars in which nothing can happen but a mark: the loop passes them here, with few numbers in hand.

Of a bar passed here steps 1 to 8 would change nothing, the day of the blocks goes on, and no decision is asked for.
What is in doubt is left to the steps.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from karat.core.compiled import inlined
from karat.kernel.marks import mark, new_day, open_equity
from karat.kernel.modes import has_targets, is_inverse


@inlined
def passes_quiet(rules: Any, features: Any) -> bool:
    """Targets decide at each close, and a spot short pays to borrow at each bar."""
    return not has_targets(rules, features) and (features.borrow is None or rules.spot == 0)


@inlined
def safe_equity(rules: Any, features: Any, blocks: Any) -> float:
    """Above it no close is the day's loss of rule 21; ten times its tolerance away, so that no rounding reaches it."""
    if features.filters is None or rules.daily_loss_limit != rules.daily_loss_limit or blocks.blocked != 0:
        return -math.inf
    if not blocks.reference > 0.0:
        return math.inf
    limit = rules.daily_loss_limit
    return blocks.reference * (1.0 - limit + 1e-8 * max(1.0, abs(limit)))


@inlined
def calm(features: Any, bars: Any, signal: Any, place: Any, mask: int, risk_day: int) -> bool:
    """No signal that matters, and no day of rule 21 begins."""
    if features.filters is not None and bars.risk_day[place] != risk_day:
        return False
    return int(signal.code[place]) & mask == 0


@inlined
def pass_flat(
    rules: Any, features: Any, bars: Any, signal: Any, log: Any, equities: Any, positions: Any, daily: Any, bar: int,
    end: int, mask: int, base: float, marks: Any, blocks: Any,
) -> Any:  # fmt: skip
    """(the first bar at or after `bar` that needs the steps, marks before it), flat, with nothing on its way."""
    if features.filters is not None and not base > safe_equity(rules, features, blocks):
        return bar, marks
    begin, risk_day = bar, blocks.day
    while bar < end:
        place = np.uint64(bar)  # without a sign: a negative index would count from the end, which costs a step
        if not calm(features, bars, signal, place, mask, risk_day):
            break
        if bars.mark_day[place] != marks.day:
            marks = new_day(mark(marks, base) if bar > begin else marks, bars.mark_day[place], daily)
        if log is not None:
            equities[place] = base
            positions[place] = 0
        bar += 1
    return bar, mark(marks, base) if bar > begin else marks


@inlined
def pass_span(
    features: Any, bars: Any, spans: Any, signal: Any, daily: Any, bar: int, end: int, watched: Any, inverse: bool,
    base: float, average: float, marks: Any,
) -> Any:  # fmt: skip
    """`pass_held` over the whole span that begins at `bar`, by its extremes; `bar` itself where that cannot be."""
    units, down, up, mask = watched
    span = np.uint64(spans.of_first[np.uint64(bar)])
    after = spans.end[span]
    if spans.low[span] < down or spans.high[span] > up or after > end or spans.pays[span]:
        return bar, marks
    if int(signal.span_code[span]) & mask != 0:
        return bar, marks
    if bars.mark_day[np.uint64(bar)] != marks.day:
        marks = new_day(marks, bars.mark_day[np.uint64(bar)], daily)
    best = spans.close_high[span] if units > 0.0 else spans.close_low[span]
    worst = spans.close_low[span] if units > 0.0 else spans.close_high[span]
    higher = open_equity(inverse, base, units, average, best) > marks.peak
    if higher or open_equity(inverse, base, units, average, worst) < marks.floor:
        for within in range(bar, after - 1):
            marks = mark(marks, open_equity(inverse, base, units, average, bars.close[np.uint64(within)]))
    return after, mark(marks, open_equity(inverse, base, units, average, bars.close[np.uint64(after - 1)]))


@inlined
def pass_held(
    rules: Any, features: Any, bars: Any, spans: Any, signal: Any, log: Any, equities: Any, positions: Any, daily: Any,
    bar: int, end: int, watched: Any, strides: bool, base: float, holding: Any, marks: Any, blocks: Any,
) -> Any:  # fmt: skip
    """The same with a position whose levels rest. `watched` is what the loop looks at; `strides` steps over spans."""
    units, down, up, mask = watched
    inverse, average, safe = is_inverse(rules, features), holding.average, safe_equity(rules, features, blocks)
    risk_day, held = blocks.day, holding.side * holding.lots
    while bar < end:
        place = np.uint64(bar)
        if features.sparse is not None and strides and spans.of_first[place] >= 0:
            before = bar
            bar, marks = pass_span(
                features, bars, spans, signal, daily, bar, end, watched, inverse, base, average, marks
            )
            if bar > before:
                continue
        if bars.low[place] < down or bars.high[place] > up:
            break
        if not calm(features, bars, signal, place, mask, risk_day):
            break
        if features.funding is not None and bars.funding_unit[place] != 0.0:
            break
        equity = open_equity(inverse, base, units, average, bars.close[place])
        if features.filters is not None and not equity > safe:
            break
        if bars.mark_day[place] != marks.day:
            marks = new_day(marks, bars.mark_day[place], daily)
        marks = mark(marks, equity)
        if log is not None:
            equities[place] = equity
            positions[place] = held
        bar += 1
    return bar, marks
