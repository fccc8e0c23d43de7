"""Fills: what a taker and a maker pay, what is affordable, and what a fill does to position and account."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.simulation.decimal_account import (
    average_price,
    bankruptcy_price,
    free_cash,
    notional,
    quote_notional,
    result,
)
from tests.simulation.decimal_levels import protect
from tests.simulation.decimal_numbers import ONE, ZERO, known
from tests.simulation.decimal_state import Closed, Plan, Position, State
from tests.simulation.world import Fill

from karat.core.model.reasons import Reason, Refusal


class Terms:
    """Price and costs of one fill: raw price, half spread, slippage, fee rate."""

    def __init__(self, raw: Decimal, price: Decimal, spread: Decimal, slippage: Decimal, fee_rate: Decimal) -> None:
        self.raw, self.price, self.spread, self.slippage, self.fee_rate = raw, price, spread, slippage, fee_rate


def taker(state: State, bar: int, side: int, reference: Decimal, lots: int) -> Terms:
    """Rule 11. `lots` is the quantity that slips: the whole order, before any cut (rule 28)."""
    spread = known(state.tape.policy.half_spread)
    slip = slippage(state, bar, lots)
    price = reference * (1 + side * (spread + slip))
    return Terms(reference, price, spread, slip, state.tape.taker_fee)


def maker(state: State, ticks: int) -> Terms:
    """Rule 11: its limit price and the maker fee."""
    price = state.ruler.price(ticks)
    return Terms(price, price, ZERO, ZERO, state.tape.maker_fee)


def slippage(state: State, bar: int, lots: int) -> Decimal:
    """Rule 12, with the last bar closed before the fill; also inside finer bars that is the coarse one."""
    tape, policy = state.tape, state.tape.policy
    last = tape.bars[bar - 1]
    slip = known(policy.slippage_base)
    finite = [atr for atr in tape.atr[:bar] if atr is not None]
    if policy.slippage_atr > 0 and finite:
        slip += known(policy.slippage_atr) * finite[-1] / last.close
    # "Volume in units of quantity": rule 29's way from base units to contracts, at that bar's close.
    volume = contracts_of(state, last.volume, last.close)
    ratio = min(ONE, state.ruler.quantity(lots) / volume) if volume > 0 else ONE
    return slip + known(policy.slippage_volume) * ratio.sqrt()


def contracts_of(state: State, base_units: Decimal, price: Decimal) -> Decimal:
    """Rule 29: base units into contracts."""
    if state.tape.inverse:
        return base_units * price / state.tape.contract_size
    return base_units / state.tape.contract_size


def under_minimum(state: State, lots: int, price: Decimal) -> bool:
    """Under the minimum quantity, or under the minimum notional at `price` (rule 10 says what is under)."""
    contracts = state.ruler.quantity(lots)
    if lots <= 0 or state.ruler.compare(contracts, state.tape.min_quantity) < 0:
        return True
    return state.ruler.compare(quote_notional(state.tape, contracts, price), state.tape.min_notional) < 0


def affordable(state: State, plan: Plan, terms: Terms) -> int:
    """Rule 28: the lots that free cash can carry, floored; 0 if that is under a minimum at the fill price."""
    per_contract = notional(state.tape, ONE, terms.price) * (ONE / plan.leverage + terms.fee_rate)
    lots = plan.lots
    if per_contract > 0:  # a rebate may pay for the margin
        lots = min(lots, state.ruler.lots_down(free_cash(state) / per_contract))
    return 0 if under_minimum(state, lots, terms.price) else lots


def enter(state: State, bar: int, ts: int, plan: Plan, terms: Terms, *, limit_ticks: int | None = None) -> None:
    """Fill an entry, an add, a growth or a re-entry, cut to what is affordable."""
    lots = affordable(state, plan, terms)
    if lots == 0:
        state.refusals[plan.decision_bar] = Refusal.AFFORD  # rule 28: the row of the decision, a re-entry's too
        return
    reason = Reason.ENTRY if limit_ticks is None else Reason.REENTRY
    fee = _record(state, bar, ts, plan.side, lots, reason, plan.decision_bar, limit_ticks, terms)
    position = state.position
    if position:  # rule 25: quantity and average change; stop, take, bars held and leverage stay
        position.average = average_price(state.tape, position.lots, position.average, lots, terms.price)
        position.lots += lots
        position.lots_entered += lots
        position.adds += 1
        position.net -= fee
        return
    state.position = Position(
        side=plan.side,
        lots=lots,
        lots_entered=lots,
        average=terms.price,
        first_price=terms.price,
        leverage=plan.leverage,
        confidence=plan.confidence,
        decision_bar=plan.decision_bar,
        entry_bar=bar,
        by_limit=limit_ticks is not None,
        net=-fee,
    )
    protect(state, state.position, plan)


def leave(
    state: State,
    bar: int,
    ts: int,
    lots: int,
    reason: Reason,
    terms: Terms,
    *,
    decision: int | None = None,
    level: int | None = None,
) -> None:
    """Close `lots` of the position. `decision` is the order's; what rests at the venue shows the entry's."""
    position = state.position
    assert position is not None and 0 < lots <= position.lots, "only what is held can be closed"
    decision_bar = position.decision_bar if decision is None else decision
    fee = _record(state, bar, ts, -position.side, lots, reason, decision_bar, level, terms)
    contracts = state.ruler.quantity(lots)
    gained = result(state.tape, position.side, contracts, position.average, terms.price)
    state.realised += gained
    position.net += gained - fee
    position.lots -= lots
    if position.lots == 0:
        _end_trade(state, bar, reason, terms.price, position)


def liquidate(state: State, bar: int, ts: int) -> None:
    """Rule 17: at the bankruptcy price, without fee or slippage."""
    position = state.position
    assert position is not None
    price = bankruptcy_price(state.tape, position)
    leave(state, bar, ts, position.lots, Reason.LIQUIDATION, Terms(price, price, ZERO, ZERO, ZERO))


def _end_trade(state: State, bar: int, reason: Reason, price: Decimal, position: Position) -> None:
    state.closed = Closed(bar, reason, price, replace(position))
    state.position = None
    state.closed_trades += 1
    # Rule 22: net result < 0 counts, others reset; rule 10 says what is less than 0.
    lost = state.ruler.compare(position.net, ZERO) < 0
    state.losses_in_a_row = state.losses_in_a_row + 1 if lost else 0


def _record(
    state: State,
    bar: int,
    ts: int,
    side: int,
    lots: int,
    reason: Reason,
    decision: int,
    level: int | None,
    terms: Terms,
) -> Decimal:
    """Write the fill down, charge its fee, and return it."""
    tape, contracts = state.tape, state.ruler.quantity(lots)
    fee = terms.fee_rate * notional(tape, contracts, terms.price)  # rule 11
    # In money of the account, so that spread and slippage add up to what the raw price would have saved (rule 30). For
    # linear that is a share of the raw notional; for inverse 1/raw - 1/price is a share of the notional at the price.
    share_of = notional(tape, contracts, terms.price if tape.inverse else terms.raw)
    state.fees += fee
    state.fills.append(
        Fill(
            ts=ts,
            bar=bar,
            side=side,
            lots=lots,
            reason=reason,
            decision_bar=decision,
            level_ticks=level,
            raw_price=terms.raw,
            price=terms.price,
            fee=fee,
            spread_cost=share_of * terms.spread,
            slippage_cost=share_of * terms.slippage,
            position_before=state.held,
            equity_before=state.equity_before(bar),
        )
    )
    return fee
