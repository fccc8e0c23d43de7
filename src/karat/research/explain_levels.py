"""Stop and take of a trade, from its entry fill through every close they were moved at (rules 9, 10, 13, 15 and 17)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from karat.core.model.policy import LevelMode
from karat.research.explain_case import Case
from karat.research.explain_lines import Section, number
from karat.research.explain_size import floor_lots, own


def ceil_steps(value: float, step: float) -> int:
    """Whole steps at or above (rule 10)."""
    return math.ceil(value / step - 1e-6)


def stop_steps(side: int, price: float, tick: float) -> int:
    """A long's stop goes down to the tick, a short's up (rule 9)."""
    return floor_lots(price, tick) if side > 0 else ceil_steps(price, tick)


def limit_steps(order_side: int, price: float, tick: float) -> int:
    """A resting buy goes down to the tick, a sell up (rule 9)."""
    return floor_lots(price, tick) if order_side > 0 else ceil_steps(price, tick)


@dataclass(slots=True)
class Levels:
    """The levels of one trade, in whole ticks; None where there is none. `moves` counts what the trail did."""

    side: int
    first_price: float
    limit_bar: int
    stop: int | None = None
    take: int | None = None
    took: bool = False
    trailed: bool = False
    moves: int = 0
    last_move: str = ""


def set_levels(case: Case, section: Section, side: int, fill: float, decision_bar: int, limit_bar: int) -> Levels:
    """Stop and take from the entry fill (rule 13)."""
    levels = Levels(side, fill, limit_bar)
    policy, tick, targets = case.policy, case.rules.tick, case.signals.target is not None
    distance, how = _distance(case, "stop", decision_bar, fill)
    if not math.isnan(distance):
        price = fill - side * distance
        levels.stop = stop_steps(side, price, tick)
        section.say("13", f"stop distance {how} = {number(distance)}")
        section.say("9", f"stop {number(fill)} {_minus(side)} {number(distance)} = {number(price)}, "
                         f"{'down' if side > 0 else 'up'} to the tick: {number(levels.stop * tick)}")  # fmt: skip
    distance, how = _distance(case, "take", decision_bar, fill)
    if not math.isnan(distance) and not targets:
        price = fill + side * distance
        levels.take = limit_steps(-side, price, tick)
        section.say("13", f"take distance {how} = {number(distance)}")
        section.say("9", f"take {number(fill)} {_minus(-side)} {number(distance)} = {number(price)}, "
                         f"{'up' if side > 0 else 'down'} to the tick: {number(levels.take * tick)}")  # fmt: skip
    if levels.stop is None and levels.take is None and policy.trail_mode == LevelMode.NONE:
        section.say("13", "no stop and no take")
    return levels


def _minus(side: int) -> str:
    return "-" if side > 0 else "+"


def _distance(case: Case, name: str, bar: int, fill: float) -> tuple[float, str]:
    given = own(getattr(case.signals, name), bar, math.nan)
    if not math.isnan(given):
        return given, "given by the strategy"
    mode, value = getattr(case.policy, f"{name}_mode"), getattr(case.policy, f"{name}_value")
    if mode == LevelMode.ATR:
        atr = float(case.bars.atr[bar])
        return value * atr, f"{number(value)} * ATR {number(atr)} of the decision bar"
    if mode == LevelMode.FRACTION:
        return value * fill, f"{number(value)} * {number(fill)}"
    return math.nan, ""


def move_levels(case: Case, section: Section, levels: Levels, bar: int) -> None:
    """What step 9 does to the levels at the close of `bar` (rule 15)."""
    if case.policy.dynamic_levels:
        _set_anew(case, section, levels, bar)
    if case.policy.trail_mode != LevelMode.NONE and case.signals.target is None:
        _trail(case, levels, bar)


def _set_anew(case: Case, section: Section, levels: Levels, bar: int) -> None:
    side, tick = levels.side, case.rules.tick
    distance = own(case.signals.stop, bar, math.nan)
    if distance > 0.0:
        moved = stop_steps(side, levels.first_price - side * distance, tick)
        if levels.stop is None or side * (moved - levels.stop) > 0:
            levels.stop = moved
            text = f"the strategy's stop, {number(distance)} from the entry fill, moves it to {number(moved * tick)}"
            section.say("15", f"close of {case.when(bar)}: {text}")
    distance = own(case.signals.take, bar, math.nan)
    if case.signals.target is None and not levels.took and distance > 0.0:
        moved = limit_steps(-side, levels.first_price + side * distance, tick)
        if moved != levels.take:
            text = f"the strategy's take, {number(distance)} from the entry fill, is {number(moved * tick)}"
            section.say("15", f"close of {case.when(bar)}: {text}")
        levels.take = moved


def _trail(case: Case, levels: Levels, bar: int) -> None:
    policy, side, tick = case.policy, levels.side, case.rules.tick
    if not (levels.took or policy.trail_from_entry) or bar == levels.limit_bar:
        return
    extreme = float(case.candles.high[bar] if side > 0 else case.candles.low[bar])
    by_atr = policy.trail_mode == LevelMode.ATR
    unit = float(case.bars.atr[bar]) if by_atr else extreme
    distance = policy.trail_value * unit
    if math.isnan(distance):
        return
    moved = stop_steps(side, extreme - side * distance, tick)
    if levels.stop is not None and side * (moved - levels.stop) <= 0:
        return
    levels.stop, levels.trailed, levels.moves = moved, True, levels.moves + 1
    name = "ATR" if by_atr else "the extreme"
    levels.last_move = (
        f"close of {case.when(bar)}: {'high' if side > 0 else 'low'} {number(extreme)} {_minus(side)} "
        f"{number(policy.trail_value)} * {name} {number(unit)}, to the tick: {number(moved * tick)}"
    )


def tell_trail(section: Section, levels: Levels) -> None:
    """How the trailing stop came to where it was met."""
    section.say("15", f"the trailing stop was moved {levels.moves} times, last at the {levels.last_move}")


def liquidation_price(case: Case, side: int, average: float, leverage: float, maintenance: float) -> float:
    """Rule 17; NaN means never. With `maintenance` 0 the bankruptcy price."""
    if case.inverse:
        divisor = 1.0 + side / leverage
        price = average * (1.0 + side * maintenance) / divisor if divisor > 1e-12 else 0.0
    else:
        price = average * (1.0 - side / leverage) / (1.0 - side * maintenance)
    return price if price > 0.0 else math.nan
