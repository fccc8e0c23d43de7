"""The price and the costs of one fill, and what it does to the position (rules 11, 12, 28 and 30)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from karat.core.model.reasons import Reason
from karat.research.explain_case import Case, Fill
from karat.research.explain_lines import Section, number
from karat.research.explain_size import floor_lots, tell_minimums

ORDERS = {1: "buy", -1: "sell"}


@dataclass(slots=True)
class Position:
    """The position of the trade that is explained, as its fills make it."""

    side: int
    leverage: float
    entry_bar: int
    lots: int = 0
    entered: int = 0
    average: float = 0.0
    gain: float = 0.0
    fees: float = 0.0
    funding: float = 0.0
    borrow: float = 0.0


def tell_taker(case: Case, section: Section, fill: Fill, raw: float, slipped_lots: int) -> float:
    """Price of a taker fill from its reference price (rules 11 and 12). Returns the price."""
    rules, last = case.rules, fill.bar - 1
    quantity, volume = case.quantity(slipped_lots), float(case.bars.quantity_volume[last])
    atr, close = float(case.bars.atr_filled[last]), float(case.candles.close[last])
    ratio = quantity / volume if volume > quantity else 1.0
    slipped = rules.slippage_base + rules.slippage_volume * math.sqrt(ratio)
    terms = [number(rules.slippage_base)]
    if rules.slippage_atr != 0.0:
        slipped = rules.slippage_base + rules.slippage_atr * atr / close + rules.slippage_volume * math.sqrt(ratio)
        terms.append(f"{number(rules.slippage_atr)} * ATR {number(atr)} / close {number(close)}")
    shown = f"{number(quantity)} / {number(volume)}" if volume > quantity else "1"
    terms.append(f"{number(rules.slippage_volume)} * sqrt({shown})")
    section.say("12", f"slippage, from bar {last}: {' + '.join(terms)} = {number(slipped)}")
    sign = "+" if fill.side > 0 else "-"
    price = raw * (1.0 + fill.side * (rules.half_spread + slipped))
    text = f"price {number(raw)} * (1 {sign} ({number(rules.half_spread)} + {number(slipped)})) = {number(price)}"
    section.check("11", text, price, fill.price)
    gap = case.result(fill.side, fill.lots, raw, price)
    total = rules.half_spread + slipped
    spread = gap * (rules.half_spread / total) if total > 0.0 else 0.0
    text = f"{number(gap)} away from the reference price: spread {number(spread)}, slippage {number(gap - spread)}"
    section.check("11", text + " (spread)", spread, fill.spread_cost)
    section.check("12", text + " (slippage)", gap - spread, fill.slippage_cost)
    return price


def tell_fee(case: Case, section: Section, fill: Fill, rate: float, kind: str) -> None:
    """Fee = rate * notional at the fill price (rule 11)."""
    value = case.notional(fill.lots, fill.price)
    fee = rate * value
    section.check("11", f"{kind} fee {number(rate)} * notional {number(value)} = {number(fee)}", fee, fill.fee)


def tell_equity_before(case: Case, section: Section, fill: Fill) -> None:
    """Equity at the close before the fill (rule 31)."""
    before = float(case.record["equity"][fill.bar - 1]) if fill.bar else case.policy.capital
    section.check("31", f"equity at the close before: {number(before)}", before, fill.equity_before)


def free_cash(case: Case, fill: Fill, position: Position) -> tuple[float, float]:
    """(cash, margin held) before a fill: the start and the results of all trades before, and of this one so far."""
    earlier = float(case.run.trades["pnl"][: fill.trade].sum())
    cash = case.policy.capital + earlier + position.gain - position.fees - position.funding - position.borrow
    held = case.notional(position.lots, position.average) / position.leverage if position.lots else 0.0
    return cash, held


def tell_affordable(
    case: Case, section: Section, fill: Fill, ordered: int, price: float, rate: float, position: Position
) -> None:
    """What was ordered is cut to what is affordable at the fill price (rule 28)."""
    cash, held = free_cash(case, fill, position)
    unit = case.rules.contract_size / price if case.inverse else case.rules.contract_size * price
    share = 1.0 / position.leverage + rate
    most = (cash - held) / (unit * share) if cash > held else 0.0
    lots = min(ordered, floor_lots(most, case.rules.lot)) if most < case.quantity(ordered) else ordered
    shown = f"{number(cash)}" + (f" - margin {number(held)}" if held else "")
    per_unit = f"{number(unit)} * (1 / {number(position.leverage)} + {number(rate)})"
    cut = "all" if lots == ordered else "cut to"
    text = f"affordable: ({shown}) / ({per_unit}) = {number(most)}; {cut} {lots} of {ordered} lots"
    section.check("28", text, lots, fill.lots)
    tell_minimums(case, section, "28", fill.lots, price)


def grow(case: Case, section: Section, fill: Fill, position: Position) -> None:
    """Open or grow the position at the fill (rules 25 and 30)."""
    lots, price = fill.lots, fill.price
    if position.lots == 0:
        position.average = price
    else:
        before, more = case.quantity(position.lots), case.quantity(lots)
        if case.inverse:
            average = (before + more) / (before / position.average + more / price)
        else:
            average = (before * position.average + more * price) / (before + more)
        how = "harmonic average" if case.inverse else "average"
        section.say("30", f"{how} entry of {number(before)} at {number(position.average)} and {number(more)} at "
                          f"{number(price)} = {number(average)}")  # fmt: skip
        position.average = average
    position.lots += lots
    position.entered += lots
    position.fees += fill.fee


def shrink(case: Case, section: Section, fill: Fill, position: Position) -> None:
    """Close part or all of the position at the fill (rule 30)."""
    quantity, size = case.quantity(fill.lots), case.rules.contract_size
    gain = case.result(position.side, fill.lots, position.average, fill.price)
    sign = "" if position.side > 0 else "-"
    if case.inverse:
        move = f"(1 / {number(position.average)} - 1 / {number(fill.price)})"
    else:
        move = f"({number(fill.price)} - {number(position.average)})"
    factor = f" * {number(size)}" if size != 1.0 else ""
    section.check("30", f"result {sign}{number(quantity)}{factor} * {move} = {number(gain)}", gain, fill.gain)
    section.check(
        "step 1", f"funding of the trade so far {number(position.funding)}", position.funding, fill.trade_funding
    )
    if position.borrow or fill.trade_borrow:
        section.check(
            "step 5", f"borrow of the trade so far {number(position.borrow)}", position.borrow, fill.trade_borrow
        )
    position.lots -= fill.lots
    position.gain += gain
    position.fees += fill.fee
    kept = f"{position.lots} lots left" if position.lots else "nothing left"
    section.say("30", f"{Reason(fill.reason).name.lower()} closed {fill.lots} lots, {kept}")
