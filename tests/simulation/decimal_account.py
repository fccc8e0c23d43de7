"""Money: notionals, results, margin, equity, liquidation prices, and the two things that cost while one waits."""

from __future__ import annotations

from decimal import Decimal

from tests.simulation.decimal_numbers import ONE, ZERO, known
from tests.simulation.decimal_state import Position, State, Tape

from karat.core.time import DAY_MS, YEAR_DAYS


def notional(tape: Tape, contracts: Decimal, price: Decimal) -> Decimal:
    """Rule 30, in money: quote units, or coin for inverse."""
    if tape.inverse:
        return contracts * tape.contract_size / price
    return contracts * tape.contract_size * price


def quote_notional(tape: Tape, contracts: Decimal, price: Decimal) -> Decimal:
    """Rule 29: minimum notionals are in quote units, for inverse too."""
    if tape.inverse:
        return contracts * tape.contract_size
    return contracts * tape.contract_size * price


def result(tape: Tape, side: int, contracts: Decimal, entry: Decimal, leaving: Decimal) -> Decimal:
    """Rule 30."""
    if tape.inverse:
        return side * contracts * tape.contract_size * (ONE / entry - ONE / leaving)
    return side * contracts * tape.contract_size * (leaving - entry)


def average_price(tape: Tape, lots: int, average: Decimal, more: int, price: Decimal) -> Decimal:
    """Rule 30: arithmetic by quantity; harmonic for inverse."""
    if tape.inverse:
        return (lots + more) / (lots / average + more / price)
    return (lots * average + more * price) / (lots + more)


def margin(state: State, position: Position) -> Decimal:
    """Rule 17: entry notional / leverage. A spot long has leverage 1: its margin is what it paid."""
    contracts = state.ruler.quantity(position.lots)
    return notional(state.tape, contracts, position.average) / position.leverage


def cash(state: State) -> Decimal:
    return state.start + state.realised - state.fees - state.funding - state.borrow


def free_cash(state: State) -> Decimal:
    """Rule 28: cash less the margin held."""
    return cash(state) - (margin(state, state.position) if state.position else ZERO)


def mark(state: State, bar: int) -> None:
    """Rules 31 and 32, at the close of `bar`."""
    equity = cash(state)
    if state.position:
        position, close = state.position, state.tape.bars[bar].close
        contracts = state.ruler.quantity(position.lots)
        equity += result(state.tape, position.side, contracts, position.average, close)
    state.equity.append(equity)
    state.peak = max(state.peak, equity)
    state.drawdown = ONE - equity / state.peak
    state.max_drawdown = max(state.max_drawdown, state.drawdown)


def liquidation_price(tape: Tape, position: Position) -> Decimal | None:
    """Rule 17 (L). None: never."""
    return _liquidation(tape, position, tape.maintenance)


def bankruptcy_price(tape: Tape, position: Position) -> Decimal:
    """Rule 17: the liquidation price with `mmr = 0`. It loses exactly the margin."""
    price = _liquidation(tape, position, ZERO)
    assert price is not None, "a position that can be liquidated has a bankruptcy price"
    return price


def _liquidation(tape: Tape, position: Position, maintenance: Decimal) -> Decimal | None:
    side, entry, share = position.side, position.average, ONE / position.leverage
    if tape.inverse:
        above, below = entry * (1 + side * maintenance), 1 + side * share
    else:
        above, below = entry * (1 - side * share), 1 - side * maintenance
    if below == 0:
        return None  # infinite
    price = above / below
    return price if price > 0 else None


def pay_funding(state: State, bar: int) -> None:
    """Step 1. Linear and inverse only; at the first bar nothing was held before."""
    tape, position = state.tape, state.position
    if position is None or tape.spot or bar == 0:
        return
    for ts, rate, mark_price in tape.funding:
        if tape.bars[bar - 1].ts < ts <= tape.bars[bar].ts:
            price = tape.bars[bar].open if mark_price is None else mark_price
            held = notional(tape, state.ruler.quantity(position.lots), price)
            paid = position.side * held * rate
            state.funding += paid
            position.net -= paid


def pay_borrow(state: State, bar: int) -> None:
    """Step 5: a spot short borrows what it holds now, at this open, for this bar."""
    tape, position = state.tape, state.position
    if position is None or not tape.spot or position.side > 0:
        return
    held = notional(tape, state.ruler.quantity(position.lots), tape.bars[bar].open)
    paid = held * known(tape.policy.borrow_rate) * tape.world.timeframe_ms / (YEAR_DAYS * DAY_MS)
    state.borrow += paid
    position.net -= paid
