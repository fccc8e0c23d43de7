"""What a close decides from signals: exits, entries, adds, reversals and re-entries (rules 7, 16, 24, 25)."""

from __future__ import annotations

from decimal import Decimal

from tests.simulation.decimal_filter import ask, equity_positive, own_exit, too_many_losses
from tests.simulation.decimal_levels import limit_ticks
from tests.simulation.decimal_numbers import known
from tests.simulation.decimal_sizing import plan_entry
from tests.simulation.decimal_state import Closed, Limit, Orders, Position, State
from tests.simulation.decimal_targets import decide_target

from karat.core.model.reasons import Reason, Refusal


def decide(state: State, bar: int) -> None:
    """The decision at the close of `bar` (rule 3). While an order is on its way nothing new is decided (rule 16)."""
    state.refusals.append(Refusal.NONE)
    if state.orders:
        return
    if state.tape.target is not None:
        decide_target(state, bar)
    elif state.position:
        _decide_holding(state, bar, state.position)
    else:
        _decide_flat(state, bar)


def _decide_holding(state: State, bar: int, position: Position) -> None:
    tape, side = state.tape, position.side
    entry = tape.world.entry[bar]
    opposite = entry == -side and not own_exit(tape, bar, -side)  # rule 7: a void entry counts as 0
    reason = _exit_reason(state, bar, position, opposite=opposite)
    orders = Orders(bar, bar + tape.policy.latency, exit_reason=reason)
    if entry == -side:
        # Rule 7: an opposite entry closes always; it opens only if the filter lets it. A void one is recorded as such.
        state.refusals[bar], orders.entry = ask(state, bar, -side, reversing=True)
    elif entry == side and reason is None and position.adds < tape.policy.max_adds:
        # Rule 25. A close that makes an exit asks for no add: the add would find no position.
        state.refusals[bar], orders.entry = ask(state, bar, side, adding=True)
    if orders.exit_reason is not None or orders.entry is not None:
        state.orders = orders


def _exit_reason(state: State, bar: int, position: Position, *, opposite: bool) -> Reason | None:
    """Rule 16: the first that holds."""
    if opposite or own_exit(state.tape, bar, position.side):
        return Reason.SIGNAL
    held = bar - position.entry_bar + 1  # the entry bar is the first
    if 0 < state.tape.policy.time_exit <= held:
        return Reason.TIME
    return None


def _decide_flat(state: State, bar: int) -> None:
    tape = state.tape
    entry = tape.world.entry[bar]
    if entry != 0:
        state.refusals[bar], plan = ask(state, bar, entry)
        if plan is not None:
            state.orders = Orders(bar, bar + tape.policy.latency, entry=plan)
            state.limit = None  # rule 24: an entry order cancels it
            return
    if state.limit and _would_close(state, bar, state.limit.plan.side):
        state.limit = None
    closed = state.closed
    if closed and closed.bar == bar and closed.reason in (Reason.STOP, Reason.TRAIL, Reason.TAKE):
        _place_reentry(state, bar, closed)


def _would_close(state: State, bar: int, side: int) -> bool:
    """Rule 24: a signal that would close the position the limit wants, even a refused one. A void entry is none."""
    opposite = state.tape.world.entry[bar] == -side and not own_exit(state.tape, bar, -side)
    return opposite or own_exit(state.tape, bar, side)


def _place_reentry(state: State, bar: int, closed: Closed) -> None:
    """Rule 24. Of the filter only equity, daily loss, losses in a row and size apply."""
    policy, side, first = state.tape.policy, closed.position.side, closed.position
    if first.reentries >= policy.reentry_max or _would_close(state, bar, side):
        return
    if not equity_positive(state, bar) or state.day_blocked or too_many_losses(state):
        return
    plan = plan_entry(state, bar, side, first.confidence)
    if plan is None:
        return
    price = closed.price * (1 - side * known(policy.reentry_offset))
    alive_from = bar + policy.latency
    ticks = limit_ticks(state, side > 0, Decimal(price))
    state.limit = Limit(plan, ticks, alive_from, alive_from + policy.reentry_bars - 1, first.reentries + 1)
