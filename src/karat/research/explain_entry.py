"""Fills that open or grow the position: by signal, target, add or re-entry limit (rules 3, 24, 25 and 34)."""

from __future__ import annotations

from karat.core.model.reasons import Reason
from karat.research.explain_case import Case, Fill
from karat.research.explain_fill import (
    ORDERS,
    Position,
    grow,
    tell_affordable,
    tell_equity_before,
    tell_fee,
    tell_taker,
)
from karat.research.explain_levels import Levels, limit_steps, liquidation_price, set_levels
from karat.research.explain_lines import Section, number
from karat.research.explain_size import SIDES, leverage_of, tell_filter, tell_size, tell_target


def tell_entry(case: Case, section: Section, fill: Fill, position: Position) -> Levels:
    """The taker fill that opens the trade. Returns its levels."""
    position.leverage = leverage_of(case, fill.decision_bar, fill.side)
    _tell_growth(case, section, fill, position, add=False)
    levels = set_levels(case, section, fill.side, fill.price, fill.decision_bar, limit_bar=-1)
    _compare_levels(case, section, fill, levels)
    _tell_liquidation(case, section, position)
    return levels


def tell_add(case: Case, section: Section, fill: Fill, position: Position) -> None:
    """A taker fill that grows the position; stop, take and bars held stay (rules 25 and 34)."""
    _tell_growth(case, section, fill, position, add=True)
    _tell_liquidation(case, section, position)


def _tell_growth(case: Case, section: Section, fill: Fill, position: Position, *, add: bool) -> None:
    decided, confidence = fill.decision_bar, float(case.signals.confidence[fill.decision_bar])
    if case.signals.target is not None:
        section.say("3", f"decided at the close of {case.when(decided)}: confidence {number(confidence)}")
        tell_filter(case, section, decided, fill.side, confidence)
        order = tell_target(case, section, decided, position.leverage if add else 1.0)
        ordered, slipped = order.opening, order.slipped
    else:
        asked = int(case.signals.entry[decided])
        text = f"decided at the close of {case.when(decided)}: entry {asked:+d}, confidence {number(confidence)}"
        section.demand("6", text, asked == fill.side)
        blocked = case.signals.exit_long if fill.side > 0 else case.signals.exit_short
        section.demand("7", "its own exit signal is not set", not bool(blocked[decided]))
        tell_filter(case, section, decided, fill.side, confidence)
        held = abs(int(case.record["position"][decided])) if add else 0
        ordered = slipped = tell_size(case, section, decided, confidence, position.leverage, held)
    _tell_due(case, section, fill)
    opened = float(case.candles.open[fill.bar])
    section.check("3", f"{ORDERS[fill.side]} at the open, {number(opened)}", opened, fill.raw_price)
    price = tell_taker(case, section, fill, opened, slipped)
    tell_affordable(case, section, fill, ordered, price, case.rules.taker_fee, position)
    tell_fee(case, section, fill, case.rules.taker_fee, "taker")
    tell_equity_before(case, section, fill)
    grow(case, section, fill, position)


def tell_reentry(case: Case, section: Section, fill: Fill, position: Position) -> Levels:
    """The maker fill of a re-entry limit (rule 24). Returns the levels of the trade it opens."""
    policy, tick, side = case.policy, case.rules.tick, fill.side
    closing = case.fill(fill.row - 1)
    last = Reason(closing.reason)
    fits = closing.bar == fill.decision_bar and last in (Reason.STOP, Reason.TRAIL, Reason.TAKE)
    section.demand("24", f"{last.name.lower()} closed the trade before in {case.when(closing.bar)}", fits)
    price = closing.price * (1.0 - side * policy.reentry_offset)
    ticks = limit_steps(side, price, tick)
    text = (
        f"limit {number(closing.price)} * (1 - {side} * {number(policy.reentry_offset)}) = {number(price)}, "
        f"to the tick: {number(ticks * tick)}"
    )
    section.check("24", text + " (in ticks)", ticks, fill.level_ticks)
    first = fill.decision_bar + policy.latency
    alive = first <= fill.bar < first + policy.reentry_bars
    section.demand("24", f"alive in bars {first} to {first + policy.reentry_bars - 1}", alive)
    section.check("8", f"a limit fills at its price, {number(ticks * tick)}", ticks * tick, fill.price)
    confidence = _first_confidence(case, fill)
    section.say("24", f"confidence of the first entry: {number(confidence)}")
    position.leverage = leverage_of(case, fill.decision_bar, side)
    ordered = tell_size(case, section, fill.decision_bar, confidence, position.leverage, 0)
    tell_affordable(case, section, fill, ordered, fill.price, case.rules.maker_fee, position)
    tell_fee(case, section, fill, case.rules.maker_fee, "maker")
    tell_equity_before(case, section, fill)
    grow(case, section, fill, position)
    levels = set_levels(case, section, side, fill.price, fill.decision_bar, limit_bar=fill.bar)
    _compare_levels(case, section, fill, levels)
    _tell_liquidation(case, section, position)
    return levels


def _first_confidence(case: Case, fill: Fill) -> float:
    """Confidence of the entry by signal that a chain of re-entries goes back to."""
    trade = fill.trade
    trades = case.run.trades
    while int(trades["entry_reason"][trade]) == Reason.REENTRY:
        trade -= 1
    first = case.fill(int(trades["first_fill"][trade]))
    return float(case.signals.confidence[first.decision_bar])


def _tell_due(case: Case, section: Section, fill: Fill) -> None:
    due = fill.decision_bar + case.policy.latency
    text = f"latency {case.policy.latency}: the order acts at the open of {case.when(due)}"
    section.check("3", text, due, fill.bar)


def _compare_levels(case: Case, section: Section, fill: Fill, levels: Levels) -> None:
    """The levels of an entry that the run reported."""
    for name in ("stop", "take"):
        ticks, reported = getattr(levels, name), float(case.run.trades[name][fill.trade])
        if ticks is not None or reported == reported:
            price = float("nan") if ticks is None else ticks * case.rules.tick
            section.check("13", f"{name} at entry {number(price)}", price, reported)


def _tell_liquidation(case: Case, section: Section, position: Position) -> None:
    price = liquidation_price(case, position.side, position.average, position.leverage, case.rules.maintenance_rate)
    if price == price:
        section.say("17", f"a {SIDES[position.side]} of leverage {number(position.leverage)} is liquidated at "
                          f"{number(price)}")  # fmt: skip
