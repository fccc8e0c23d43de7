"""From entry to exit: one trade a step."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from karat.core.calc.costs import taker_price
from karat.core.calc.margin import liquidation_price
from karat.core.calc.money import notional
from karat.core.compiled import inlined
from karat.kernel.booking import protection
from karat.kernel.by_trade.exits import leave_at_open, met_bar
from karat.kernel.by_trade.ground import closing, opening
from karat.kernel.by_trade.marking import write_span
from karat.kernel.by_trade.search import quiet_until
from karat.kernel.deciding import LONG, SHORT, VOID_LONG
from karat.kernel.entering import affordable_lots, flat_holding
from karat.kernel.entries import NONE, first_no, size_entry
from karat.kernel.fills import fill_slippage
from karat.kernel.loop import watch
from karat.kernel.marks import open_equity, settled
from karat.kernel.records import NO_DAY, Blocks, Holding, Money, Trade

_NO_TRADE = Trade(-1, -1, -1, 0.0, 0.0, 0, 0, 0.0, 0.0, 0.0, 0.0)
_NO_BLOCKS = Blocks(NO_DAY, 0.0, 0, 0, -1, 0, 0, 0.0)


class Asked(NamedTuple):
    """An entry on its way; `lots` 0: none."""

    side: int
    lots: int
    stop: float  # distances in price units, NaN: none known at the decision
    take: float
    leverage: float


class Run(NamedTuple):
    """A run between two trades."""

    bar: int  # whose close, or an entry's open, is next; at least the number of bars once it is over
    due: int  # bar of the entry asked for
    asked: Asked
    money: Money
    spans: int  # written


@inlined
def nothing_asked() -> Any:
    """No entry on its way."""
    return Asked(0, 0, math.nan, math.nan, 1.0)


@inlined
def begun() -> Any:
    """A run before its first bar."""
    nothing = 0.0
    return Run(0, -1, nothing_asked(), Money(nothing, nothing, nothing, nothing, 0, 0), 0)


@inlined
def ask(rules: Any, features: Any, track: Any, bar: int, side: int, void: bool, reversal: bool, equity: float) -> Any:
    """The entry asked for at the close of `bar`; 0 lots: refused."""
    view = closing(rules, track, bar)
    if first_no(rules, features, view, side, void, reversal, equity, _NO_BLOCKS) != NONE:
        return nothing_asked()
    # The peak is not known here: a plain policy does not halve its size in a drawdown.
    lots, stop, take, leverage = size_entry(
        rules, features, view, side, view.confidence, flat_holding(), False, equity, equity
    )
    return Asked(side, lots, stop, take, leverage)


@inlined
def first_asked(rules: Any, features: Any, track: Any, bar: int, equity: float) -> Any:
    """(bar of the decision, the entry) of the first entry, from flat, that is not refused; (n, none) without one."""
    n = track.bars
    while bar < n:
        bar = int(track.enter[bar])
        if bar >= n:
            break
        code = int(track.code[bar])
        side = 1 if code & (LONG | VOID_LONG) != 0 else -1
        asked = ask(rules, features, track, bar, side, code & (LONG | SHORT) == 0, False, equity)
        if asked.lots > 0:
            return bar, asked
        bar += 1
    return n, nothing_asked()


@inlined
def enter(rules: Any, features: Any, now: Any, money: Any, asked: Any) -> Any:
    """Position and money after an entry at the open; flat when nothing is affordable."""
    side, leverage = asked.side, asked.leverage
    price = taker_price(now.open, side, rules.half_spread, fill_slippage(rules, now, asked.lots))
    lots = affordable_lots(rules, features, money, flat_holding(), asked.lots, price, leverage, rules.taker_fee)
    if lots == 0:
        return flat_holding(), money
    fee = rules.taker_fee * notional(False, lots * rules.lot, rules.contract_size, price)
    liquidation = liquidation_price(False, side, price, leverage, rules.maintenance_rate)
    holding = Holding(side, lots, lots, price, leverage, liquidation, math.nan)
    money = Money(money.realised, money.fees + fee, money.funding, money.borrow, money.closed_trades, money.won_trades)
    return holding, money


@inlined
def hold(
    rules: Any, features: Any, track: Any, sheet: Any, spans: int, entry_bar: int,
    entered: Any, holding: Any, money: Any,
) -> Any:  # fmt: skip
    """From the fill of an entry to the end of its position.

    Returns (bar whose close or open is next, due bar of orders or -1, the reversal among them, money, spans written).
    """
    n, side, bar, due, asked = track.bars, holding.side, entry_bar, -1, nothing_asked()
    leave = int(track.leave_long[bar] if side > 0 else track.leave_short[bar])
    if rules.time_exit > 0:
        leave = min(leave, bar + rules.time_exit - 1)
    levels = protection(rules, side, holding.average, entered.stop, entered.take)
    while bar < n:
        units, down, up, _mask = watch(rules, features, holding, levels, _NO_TRADE)
        base, average = settled(rules, money), holding.average
        until = min(leave + 1 if due < 0 else due, n)
        met = quiet_until(track, down, up, bar, until)
        spans = write_span(sheet, spans, bar, met, base, units, average)
        bar = met
        if bar < until:
            holding, levels, money = met_bar(rules, features, track, bar, entry_bar, holding, levels, money)
            base, units = settled(rules, money), holding.side * (holding.lots * rules.lot) * rules.contract_size
            spans = write_span(sheet, spans, bar, bar + 1, base, units, average)
            if units == 0.0:
                break
            bar += 1
            if bar < until:
                continue
        if bar >= n:
            break
        if due < 0:
            due = leave + rules.latency
            if int(track.code[leave]) & (SHORT if side > 0 else LONG) != 0:
                equity = open_equity(False, base, units, average, track.close[leave])
                asked = ask(rules, features, track, leave, -side, False, True, equity)
            if due > bar:
                continue
        holding, money = leave_at_open(rules, features, track, bar, holding, levels, money)
        break
    return bar, due, asked, money, spans


@inlined
def step(rules: Any, features: Any, track: Any, sheet: Any, run: Any) -> Any:
    """One trade further, or one entry that could not be afforded."""
    n, bar, due, asked, money, spans = track.bars, run.bar, run.due, run.asked, run.money, run.spans
    if asked.lots == 0:
        bar, asked = first_asked(rules, features, track, bar, settled(rules, money))
        due = bar + rules.latency
    if due >= n:
        return Run(n, due, nothing_asked(), money, spans)
    bar, entered = due, asked
    holding, money = enter(rules, features, opening(track, bar), money, entered)
    asked = nothing_asked()
    if holding.side != 0:
        bar, due, asked, money, spans = hold(rules, features, track, sheet, spans, bar, entered, holding, money)
    if due >= 0:
        bar = max(bar, due)
        if bar < n and asked.lots == 0:
            spans = write_span(sheet, spans, bar, bar + 1, settled(rules, money), 0.0, 1.0)
    return Run(bar, due, asked, money, spans)
