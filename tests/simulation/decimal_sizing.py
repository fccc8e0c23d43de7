"""Size and protection of an entry, fixed at the decision (rules 26, 27, 29), and what it must know (rules 5, 6)."""

from __future__ import annotations

from decimal import Decimal

from tests.simulation.decimal_fills import contracts_of, under_minimum
from tests.simulation.decimal_numbers import ONE, ZERO, known, number
from tests.simulation.decimal_state import Plan, State, Tape

from karat.core.model.policy import LevelMode, SizeMode


def plan_entry(state: State, bar: int, side: int, confidence: Decimal, *, adding: bool = False) -> Plan | None:
    """The entry decided at the close of `bar`, or None: no size (Refusal.SIZE)."""
    plan = protection(state, bar, side, confidence)
    leverage = leverage_for(state, bar, side)
    if plan is None or leverage is None:
        return None
    lots = full_size(state, bar, side, confidence, held_lots=abs(state.held) if adding else 0)
    if lots is None or under_minimum(state, lots, state.tape.bars[bar].close):
        return None
    plan.lots, plan.leverage, plan.adds = lots, leverage, adding
    return plan


def protection(state: State, bar: int, side: int, confidence: Decimal) -> Plan | None:
    """Rules 5, 6 and 13: the distances of stop and take; None where the entry lacks a number it needs.

    An add does not use the distances, but is "sized like an entry", so it must know the same numbers.
    """
    tape, policy = state.tape, state.tape.policy
    if policy.slippage_atr > 0 and tape.atr[bar] is None:
        return None  # rule 6
    plan = Plan(bar, side, 0, ONE, confidence)
    stop = level_distance(tape, bar, tape.stop, policy.stop_mode, policy.stop_value)
    if stop is None:
        return None
    plan.stop_distance, plan.stop_fraction = stop
    if tape.target is None:  # rule 34: takes do not apply
        take = level_distance(tape, bar, tape.take, policy.take_mode, policy.take_value)
        if take is None:
            return None
        plan.take_distance, plan.take_fraction = take
    return plan


Distance = tuple[Decimal | None, Decimal | None]


def level_distance(
    tape: Tape, bar: int, array: list[Decimal | None] | None, mode: LevelMode, value: float
) -> Distance | None:
    """Rule 13: (price units, None), (None, fraction of the fill), (None, None) without a level; None refuses."""
    given = array[bar] if array else None
    if given is not None:
        return (given, None) if given > 0 else None  # rule 5: zero or less = no entry
    if mode == LevelMode.FRACTION:
        return None, known(value)
    if mode == LevelMode.ATR:
        atr = tape.atr[bar]
        if atr is None or atr <= 0:
            return None  # rule 6; a distance of zero is no entry, as in rule 5
        return known(value) * atr, None
    return None, None


def leverage_for(state: State, bar: int, side: int) -> Decimal | None:
    """Rules 5 and 17. A position keeps its leverage; even so a bar whose own is no number refuses."""
    tape = state.tape
    given = tape.leverage[bar] if tape.leverage else known(tape.policy.leverage)
    if given is None or given <= 0:
        return None
    leverage = ONE if tape.spot and side > 0 else given  # rule 17: spot longs have leverage 1
    if ONE / leverage <= tape.maintenance:
        return None
    if state.position and state.position.side == side:
        return state.position.leverage
    return leverage


def full_size(state: State, bar: int, side: int, confidence: Decimal | None, *, held_lots: int = 0) -> int | None:
    """Rules 26 and 27 in whole lots, before the minimums. None: a number is missing. Never below zero."""
    tape, policy = state.tape, state.tape.policy
    close, equity = tape.bars[bar].close, state.equity[bar]
    leverage = leverage_for(state, bar, side)
    scale = tape.size_scale[bar] if tape.size_scale else ONE
    wealth = equity * close if tape.inverse else equity  # rule 29: e * p for e
    base_units = _base_size(state, bar, wealth)
    if base_units is None or leverage is None or scale is None or scale <= 0:
        return None
    base_units *= scale  # rule 5
    if policy.confidence_scaling:
        if confidence is None:
            return None
        base_units *= Decimal("0.8") + Decimal("0.4") * confidence
    halving = number(policy.drawdown_halving)
    if halving is not None and state.ruler.compare(state.drawdown, halving) > 0:
        base_units *= Decimal("0.5")
    contracts = contracts_of(state, base_units, close)  # rule 29
    cap = contracts_of(state, leverage * wealth / close, close)
    contracts = min(contracts, cap - state.ruler.quantity(held_lots))
    share = number(policy.volume_share)
    if share is not None:
        contracts = min(contracts, contracts_of(state, share * tape.bars[bar].volume, close))
    return max(0, state.ruler.lots_down(contracts))


def _base_size(state: State, bar: int, wealth: Decimal) -> Decimal | None:
    """Rule 26, in base units."""
    tape, policy = state.tape, state.tape.policy
    close, value = tape.bars[bar].close, known(policy.size_value)
    if policy.size_mode == SizeMode.NOTIONAL:
        return value / close
    if policy.size_mode == SizeMode.FRACTION:
        return value * wealth / close
    if policy.size_mode == SizeMode.RISK:
        distance = _stop_distance(tape, bar, close)
        return None if distance is None else wealth * value / distance
    volatility = tape.volatility[bar] if tape.volatility else None
    if volatility is None or volatility <= ZERO:
        return None
    return wealth * value / (volatility * close)


def _stop_distance(tape: Tape, bar: int, close: Decimal) -> Decimal | None:
    """Rule 26: D, fractions of `p`; without a stop there is no size."""
    distances = level_distance(tape, bar, tape.stop, tape.policy.stop_mode, tape.policy.stop_value)
    if distances is None:
        return None
    absolute, fraction = distances
    if absolute is not None:
        return absolute
    return None if fraction is None else fraction * close
