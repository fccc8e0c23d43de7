"""Targets instead of entries and exits (rule 34)."""

from __future__ import annotations

from decimal import Decimal

from tests.simulation.decimal_fills import under_minimum
from tests.simulation.decimal_filter import first_refusal
from tests.simulation.decimal_numbers import ZERO, known
from tests.simulation.decimal_sizing import full_size, leverage_for, protection
from tests.simulation.decimal_state import Orders, Plan, State

from karat.core.model.reasons import Reason, Refusal


def decide_target(state: State, bar: int) -> None:
    assert state.tape.target is not None
    target, held = state.tape.target[bar], state.held
    if target is None:
        return  # NaN: no change
    side = (target > 0) - (target < 0)
    size = full_size(state, bar, side, state.tape.confidence[bar]) if side else 0
    if size is None:
        _without_size(state, bar, side)
        return
    wanted = target * size  # in lots, not yet whole
    apart = abs(wanted - held)
    turns = held != 0 and wanted * held <= 0  # 0, or of the other side
    if not turns and not _beyond_band(state, apart, size):
        return
    lots = state.ruler.lots_down(state.ruler.lot * apart)
    if lots == 0:
        return
    if turns:
        _turn(state, bar, side, lots)
    elif abs(wanted) > abs(held):
        _grow(state, bar, side, lots)
    else:
        _trim(state, bar, lots)


def _beyond_band(state: State, apart_lots: Decimal, size: int) -> bool:
    """Differs by more than `rebalance_band` of the size, in quantities."""
    band = known(state.tape.policy.rebalance_band) * state.ruler.quantity(size)
    return state.ruler.compare(apart_lots * state.ruler.lot, band) > 0


def _without_size(state: State, bar: int, side: int) -> None:
    """Nothing changes, except that the other side closes. What was asked is refused, at the latest for its size."""
    refusal = first_refusal(state, bar, side, reversing=state.held * side < 0)
    state.refusals[bar] = Refusal.SIZE if refusal == Refusal.NONE else refusal
    if state.held * side < 0:
        _send(state, bar, exit_lots=abs(state.held), entry=None)


def _turn(state: State, bar: int, side: int, lots: int) -> None:
    """Closes, and opens what is left of the difference if the filter lets it."""
    held = abs(state.held)
    entry = _increase(state, bar, side, lots - held, adds=False) if lots > held else None
    _send(state, bar, exit_lots=held, entry=entry)


def _grow(state: State, bar: int, side: int, lots: int) -> None:
    entry = _increase(state, bar, side, lots, adds=state.position is not None)
    if entry is not None:
        _send(state, bar, exit_lots=0, entry=entry)


def _trim(state: State, bar: int, lots: int) -> None:
    """A trim that would leave less than the minimum closes all."""
    rest = abs(state.held) - lots
    if under_minimum(state, rest, state.tape.bars[bar].close):
        lots = abs(state.held)
    _send(state, bar, exit_lots=lots, entry=None)


def _increase(state: State, bar: int, side: int, lots: int, *, adds: bool) -> Plan | None:
    """The filter guards increases, the minimums apply to the increase. Its refusal is recorded."""
    state.refusals[bar] = first_refusal(state, bar, side, reversing=state.held * side < 0)
    if state.refusals[bar] != Refusal.NONE:
        return None
    plan = protection(state, bar, side, state.tape.confidence[bar] or ZERO)
    leverage = leverage_for(state, bar, side)
    if plan is None or leverage is None or under_minimum(state, lots, state.tape.bars[bar].close):
        state.refusals[bar] = Refusal.SIZE
        return None
    plan.lots, plan.leverage, plan.adds = lots, leverage, adds
    return plan


def _send(state: State, bar: int, *, exit_lots: int, entry: Plan | None) -> None:
    """One taker order with one slippage, that of the whole of it."""
    state.orders = Orders(
        decision_bar=bar,
        due=bar + state.tape.policy.latency,
        exit_reason=Reason.SIGNAL if exit_lots else None,
        exit_lots=exit_lots,
        entry=entry,
        shared_lots=exit_lots + (entry.lots if entry else 0),
    )
