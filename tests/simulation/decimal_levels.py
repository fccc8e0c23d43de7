"""Stops and takes: where they are set, and how they move at a close (rules 13 and 15)."""

from __future__ import annotations

from decimal import Decimal

from tests.simulation.decimal_numbers import known
from tests.simulation.decimal_state import Plan, Position, State

from karat.core.model.policy import LevelMode


def stop_ticks(state: State, side: int, price: Decimal) -> int:
    """Rule 9: a long's stop goes down to the tick, a short's up."""
    return state.ruler.ticks_down(price) if side > 0 else state.ruler.ticks_up(price)


def limit_ticks(state: State, buys: bool, price: Decimal) -> int:
    """Rule 9: takes and re-entry limits: buys down, sells up."""
    return state.ruler.ticks_down(price) if buys else state.ruler.ticks_up(price)


def protect(state: State, position: Position, plan: Plan) -> None:
    """Rule 13: stop and take count from the entry fill price."""
    side, price = position.side, position.first_price
    stop = _distance(plan.stop_distance, plan.stop_fraction, price)
    take = _distance(plan.take_distance, plan.take_fraction, price)
    if stop is not None:
        position.stop = stop_ticks(state, side, price - side * stop)
    if take is not None:
        position.take = limit_ticks(state, side < 0, price + side * take)


def _distance(absolute: Decimal | None, fraction: Decimal | None, price: Decimal) -> Decimal | None:
    if absolute is not None:
        return absolute
    return None if fraction is None else fraction * price


def move_levels(state: State, bar: int) -> None:
    """Step 9, first part. Dynamic levels come first, the trailing stop after, as rule 15 tells them."""
    if state.position is None:
        return
    if state.tape.policy.dynamic_levels:
        _set_anew(state, state.position, bar)
    if state.tape.target is None:  # rule 34: no trailing with targets
        _trail(state, state.position, bar)


def _set_anew(state: State, position: Position, bar: int) -> None:
    """Rule 15: from this bar's arrays, counted from the first entry fill; NaN, zero or less leaves the level."""
    tape, side = state.tape, position.side
    stop = tape.stop[bar] if tape.stop else None
    take = tape.take[bar] if tape.take else None
    if stop is not None and stop > 0:
        _tighten(state, position, position.first_price - side * stop)
    if take is not None and take > 0 and not position.take_filled and tape.target is None:
        position.take = limit_ticks(state, side < 0, position.first_price + side * take)


def _trail(state: State, position: Position, bar: int) -> None:
    """Rule 15: the trailing stop, after the take filled or from the entry."""
    tape, policy, side = state.tape, state.tape.policy, position.side
    if policy.trail_mode == LevelMode.NONE:
        return
    if not (position.take_filled or policy.trail_from_entry):
        return
    if position.by_limit and position.entry_bar == bar:
        return  # part of that bar's range lies before the entry
    extreme = tape.bars[bar].high if side > 0 else tape.bars[bar].low
    if policy.trail_mode == LevelMode.FRACTION:
        distance = known(policy.trail_value) * extreme
    else:
        atr = tape.atr[bar]
        if atr is None:
            return  # NaN: no move
        distance = known(policy.trail_value) * atr
    if _tighten(state, position, extreme - side * distance):
        position.trailed = True  # from now on it reports `trail`


def _tighten(state: State, position: Position, price: Decimal) -> bool:
    """The stop never loosens. Says whether it moved."""
    ticks = stop_ticks(state, position.side, price)
    if position.stop is not None and (ticks - position.stop) * position.side <= 0:
        return False
    position.stop = ticks
    return True
