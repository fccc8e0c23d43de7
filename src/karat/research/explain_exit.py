"""Fills that trim or close the position: signal, time, target, stop, trail, take, liquidation (rules 13 to 17, 34)."""

from __future__ import annotations

from karat.core.model.reasons import Reason, Refusal
from karat.research.explain_case import Case, Fill
from karat.research.explain_fill import ORDERS, Position, shrink, tell_equity_before, tell_fee, tell_taker
from karat.research.explain_levels import Levels, liquidation_price, tell_trail
from karat.research.explain_lines import Section, number
from karat.research.explain_size import floor_lots, tell_target

_AT_OPEN = (Reason.ENTRY, Reason.SIGNAL, Reason.TIME, Reason.KILL)


def at_open(case: Case, fill: Fill, position: Position, levels: Levels | None) -> bool:
    """Whether a fill of the bar that begins belongs to steps 2 to 4, before borrow (step 5)."""
    reason = Reason(fill.reason)
    if reason in _AT_OPEN:
        return True
    if position.lots == 0 or levels is None:
        return False
    opened, side = float(case.candles.open[fill.bar]), position.side
    if reason == Reason.TAKE:
        return _limit_touched(case, side, fill.level_ticks, opened)
    if reason == Reason.LIQUIDATION:
        price = liquidation_price(case, side, position.average, position.leverage, case.rules.maintenance_rate)
        return side * (opened - price) < 1e-6 * case.rules.tick
    return False


def _limit_touched(case: Case, side: int, ticks: int, price: float) -> bool:
    """Steps 3 and 7: a take rests at `ticks`; with strict_limit the market trades one tick through it."""
    level = (ticks + side * int(case.policy.strict_limit)) * case.rules.tick
    return side * (price - level) > -1e-6 * case.rules.tick


def tell_exit(case: Case, section: Section, fill: Fill, position: Position, levels: Levels) -> None:
    """One fill against the position."""
    reason = Reason(fill.reason)
    if reason in (Reason.SIGNAL, Reason.TIME):
        _tell_order(case, section, fill, position)
    elif reason in (Reason.STOP, Reason.TRAIL):
        _tell_stop(case, section, fill, position, levels)
    elif reason == Reason.TAKE:
        _tell_take(case, section, fill, position, levels)
    else:
        _tell_liquidation(case, section, fill, position)
    tell_equity_before(case, section, fill)
    shrink(case, section, fill, position)


def _tell_order(case: Case, section: Section, fill: Fill, position: Position) -> None:
    """An exit that was decided at a close: all of it, or the trim of a target."""
    lots, slipped = position.lots, position.lots
    if case.signals.target is not None:
        section.say("3", f"decided at the close of {case.when(fill.decision_bar)}")
        order = tell_target(case, section, fill.decision_bar, position.leverage)
        refusal = Refusal(int(case.record["refusals"][fill.decision_bar]))
        if order.opening and refusal not in (Refusal.NONE, Refusal.AFFORD):
            section.say("19", f"the part that would open is refused: {refusal.name.lower()}")
        opens = order.opening if refusal in (Refusal.NONE, Refusal.AFFORD) else 0
        lots, slipped = min(order.closing, position.lots), order.closing + opens
    elif fill.reason == Reason.TIME:
        held = fill.decision_bar - position.entry_bar + 1
        text = f"at the close of {case.when(fill.decision_bar)} {held} bars were held, limit {case.policy.time_exit}"
        section.demand("16", text, held >= case.policy.time_exit > 0)
    else:
        _tell_signal(case, section, fill, position)
    due = fill.decision_bar + case.policy.latency
    text = f"latency {case.policy.latency}: the order acts at the open of {case.when(due)}"
    section.check("3", text, due, fill.bar)
    section.check("16", f"closes {lots} of {position.lots} lots", lots, fill.lots)
    opened = float(case.candles.open[fill.bar])
    section.check("step 4", f"{ORDERS[fill.side]} at the open, {number(opened)}", opened, fill.raw_price)
    tell_taker(case, section, fill, opened, slipped)
    tell_fee(case, section, fill, case.rules.taker_fee, "taker")


def _tell_signal(case: Case, section: Section, fill: Fill, position: Position) -> None:
    bar, side = fill.decision_bar, position.side
    own = bool((case.signals.exit_long if side > 0 else case.signals.exit_short)[bar])
    other = bool((case.signals.exit_short if side > 0 else case.signals.exit_long)[bar])
    opposite = int(case.signals.entry[bar]) == -side and not other
    said = [text for text, holds in (("exit signal", own), ("opposite entry", opposite)) if holds]
    section.demand("16", f"at the close of {case.when(bar)}: {' and '.join(said) or 'nothing'}", bool(said))


def _tell_stop(case: Case, section: Section, fill: Fill, position: Position, levels: Levels) -> None:
    side, tick, bar = position.side, case.rules.tick, fill.bar
    section.demand("13", "a stop rests at the venue", levels.stop is not None)
    if levels.stop is None:
        return
    if levels.trailed:
        tell_trail(section, levels)
    stop = levels.stop * tick
    section.check("9", f"the stop rests at {number(stop)}, {levels.stop} ticks", levels.stop, fill.level_ticks)
    section.demand(
        "15", f"it reports {Reason(fill.reason).name.lower()}", levels.trailed == (fill.reason == Reason.TRAIL)
    )
    worst = float(case.candles.low[bar] if side > 0 else case.candles.high[bar])
    name, sign = ("low", "<=") if side > 0 else ("high", ">=")
    section.demand(
        "step 6", f"touched: {name} {number(worst)} {sign} {number(stop)}", side * (worst - stop) < 1e-6 * tick
    )
    opened = float(case.candles.open[bar])
    raw = min(opened, stop) if side > 0 else max(opened, stop)
    pick = "min" if side > 0 else "max"
    text = f"{ORDERS[fill.side]} all that is left at {pick}(open {number(opened)}, stop {number(stop)}) = {number(raw)}"
    section.check("step 6", text, raw, fill.raw_price)
    section.check("step 6", f"{position.lots} lots", position.lots, fill.lots)
    tell_taker(case, section, fill, raw, position.lots)
    tell_fee(case, section, fill, case.rules.taker_fee, "taker")


def _tell_take(case: Case, section: Section, fill: Fill, position: Position, levels: Levels) -> None:
    side, tick, bar = position.side, case.rules.tick, fill.bar
    section.demand("13", "a take rests at the venue", levels.take is not None and not levels.took)
    if levels.take is None:
        return
    price = levels.take * tick
    section.check("9", f"the take rests at {number(price)}, {levels.take} ticks", levels.take, fill.level_ticks)
    opened = float(case.candles.open[bar])
    best = float(case.candles.high[bar] if side > 0 else case.candles.low[bar])
    gap = bar > position.entry_bar and _limit_touched(case, side, levels.take, opened)
    step, name, met = ("step 3", "open", opened) if gap else ("step 7", "high" if side > 0 else "low", best)
    through = (levels.take + side * int(case.policy.strict_limit)) * tick
    sign = ">=" if side > 0 else "<="
    text = f"touched: {name} {number(met)} {sign} {number(through)}"
    section.demand(step, text, _limit_touched(case, side, levels.take, met))
    section.check(step, f"{ORDERS[fill.side]} at the take's price, {number(price)}, maker", price, fill.price)
    _tell_take_lots(case, section, fill, position, price)
    levels.took = True
    tell_fee(case, section, fill, case.rules.maker_fee, "maker")


def _tell_take_lots(case: Case, section: Section, fill: Fill, position: Position, price: float) -> None:
    """Rule 14: a fraction of what was entered, or all."""
    fraction, rules = case.policy.take_fraction, case.rules
    part = floor_lots(fraction * case.quantity(position.entered), rules.lot)
    rest = position.lots - part
    text = f"{number(fraction)} of {position.entered} lots entered, floored: {part}"
    keeps = part > 0 and rest > 0
    if keeps:
        quantity = case.quantity(rest)
        value = quantity * rules.contract_size * (1.0 if case.inverse else price)
        keeps = quantity - rules.min_quantity > -1e-9 * max(1.0, rules.min_quantity)
        keeps = keeps and value - rules.min_notional > -1e-9 * max(1.0, rules.min_notional)
    if not keeps:
        text += f"; zero, or the rest of {rest} is none or under a minimum, so all {position.lots}"
        part = position.lots
    section.check("14", text, part, fill.lots)


def _tell_liquidation(case: Case, section: Section, fill: Fill, position: Position) -> None:
    side, rate = position.side, case.rules.maintenance_rate
    price = liquidation_price(case, side, position.average, position.leverage, rate)
    worst = float(case.candles.low[fill.bar] if side > 0 else case.candles.high[fill.bar])
    section.say("17", f"liquidation price of entry {number(position.average)}, leverage {number(position.leverage)}, "
                      f"maintenance {number(rate)}: {number(price)}")  # fmt: skip
    name = "low" if side > 0 else "high"
    met = side * (worst - price) < 1e-6 * case.rules.tick
    section.demand("step 6", f"touched: {name} {number(worst)} is at or beyond {number(price)}", met)
    bankrupt = liquidation_price(case, side, position.average, position.leverage, 0.0)
    section.check("17", f"fills at the bankruptcy price {number(bankrupt)}, no slippage", bankrupt, fill.price)
    section.check("17", "and no fee", 0.0, fill.fee)
    section.check("17", f"{position.lots} lots", position.lots, fill.lots)
