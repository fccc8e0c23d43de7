"""Layer 2: the position that would come out. Is it protected, and does its stop come before its liquidation?"""

from __future__ import annotations

import math

from karat.risk.case import Case, Unknown, fall, flag, not_negative, positive
from karat.risk.rules import Faults, Line, Relation, Rule


def stop_present(case: Case) -> Faults:
    """A stop that is there, and on the side on which money is lost."""
    order = case.proposal
    if order.stop_ticks is None:
        return Faults(("there is no stop",))
    stop = case.price(order.stop_ticks)
    bid, ask = positive(case.market.bid, "the bid"), positive(case.market.ask, "the ask")
    entries = [bid, ask] if order.limit_ticks is None else [bid, ask, case.price(order.limit_ticks)]
    wrong = stop >= min(entries) if order.side > 0 else stop <= max(entries)
    return Faults(("the stop lies on the wrong side of the entry",) if wrong else ())


def stop_share(case: Case) -> float:
    """The way from the worst entry to the stop, as a share of the entry: a long's is high, a short's low."""
    if case.proposal.stop_ticks is None:
        raise Unknown("there is no stop")
    stop = case.price(case.proposal.stop_ticks)
    entry = _worst_entry(case)
    way = case.proposal.side * (entry - stop) / entry
    return positive(way, "the way to the stop")


def risk_at_stop(case: Case) -> tuple[Line, ...]:
    """What the stop loses with two fees, of the bot's equity, with what this bot holds or may soon hold: every
    lot of it counts as if the farthest of the stops were its own."""
    fee = not_negative(case.market.taker_fee, "the fee")
    lost = (max(stop_share(case), *_other_ways(case)) + 2.0 * fee) * _stop_scale(case)
    own = [one.notional for one in case.exposures if (one.bot, one.market) == (case.proposal.bot, case.proposal.market)]
    return (Line(math.fsum(own) * lost, case.own_per_lot * lost, case.bot_equity),)


def risk_bound(case: Case) -> float:
    """The limit, half of it in a drawdown of the bot over the bound."""
    deep = fall(case.bot.equity, case.bot.equity_peak, case.proposal.bot) > case.limit("limits.halved_over_drawdown")
    return case.limit("limits.risk_at_stop") * (0.5 if deep else 1.0)


def position(case: Case) -> tuple[Line, ...]:
    own = [one.notional for one in case.exposures if (one.bot, one.market) == (case.proposal.bot, case.proposal.market)]
    return (Line(math.fsum(own), case.own_per_lot, case.bot_equity),)


def leverage(case: Case) -> float:
    return case.leverage


def leverage_confirmed(case: Case) -> Faults:
    """What margin is reckoned with is what the venue says is set."""
    said = positive(case.market.leverage, "the leverage that the venue has set")
    words = f"the venue has set {said:g}, the order reckons with {case.leverage:g}"
    return Faults(() if said == case.leverage else (words,))


def liquidation_distance(case: Case) -> float:
    """The way from entry to liquidation with isolated margin, as a share of the entry (simulation.md, rule 17)."""
    side, lent = case.proposal.side, 1.0 / case.leverage
    held = not_negative(case.market.maintenance_rate, "the maintenance rate")
    if held >= 1.0:
        raise Unknown(f"the maintenance rate is {held:g}, which cannot be")
    if flag(case.market.inverse, "the kind of the market"):
        price = (1.0 + side * held) / (1.0 + side * lent) if 1.0 + side * lent > 0.0 else math.inf
    else:
        price = (1.0 - side * lent) / (1.0 - side * held)
    return min(max(side * (1.0 - price), 0.0), 1.0)


def liquidation_over_stop(case: Case) -> float:
    return liquidation_distance(case) / stop_share(case)


def _worst_entry(case: Case) -> float:
    """The entry farthest from the stop: the limit, or across the book with the widest spread allowed once more."""
    if case.proposal.limit_ticks is not None:
        return case.price(case.proposal.limit_ticks)
    slip = 1.0 + case.proposal.side * case.limit("limits.spread")
    touch = case.market.ask if case.proposal.side > 0 else case.market.bid
    return positive(touch, "the touch of the book") * slip


def _other_ways(case: Case) -> tuple[float, ...]:
    """The ways from the proposal's entry to the stops of what its bot holds or has in flight; 0 first."""
    order, snapshot = case.proposal, case.snapshot
    entries = [one for one in snapshot.in_flight or () if not one.reduce_only]
    own = [one for one in (*(snapshot.holdings or ()), *entries) if one.lots]
    stops = [one.stop_ticks for one in own if (one.bot, one.market) == (order.bot, order.market)]
    entry = _worst_entry(case)
    if any(ticks is None for ticks in stops):
        raise Unknown(f"a stop of {order.bot} in {order.market} is not known")
    return (0.0, *(order.side * (entry - case.price(ticks)) / entry for ticks in stops if ticks is not None))


def _stop_scale(case: Case) -> float:
    """A loss in coin counts at the price of the stop; in quote units it is never more than at the entry and the way."""
    if not flag(case.market.inverse, "the kind of the market") or case.proposal.stop_ticks is None:
        return 1.0
    return max(1.0, _worst_entry(case) / case.price(case.proposal.stop_ticks))


_AT_LEAST = Relation.AT_LEAST
POSITION_RULES = (
    Rule("stop_present", 2, "", "faults", "there is a stop, on the losing side", gate=stop_present),
    Rule("stop_distance", 2, "limits.stop_distance", "share", "the stop is not far away", gate=stop_share),
    Rule(
        "risk_at_stop", 2, "limits.risk_at_stop", "share", "the stop loses little, half of it in a drawdown",
        cap=risk_at_stop, bound=risk_bound,
    ),
    Rule("position", 2, "limits.position", "multiple", "the bot's position is in proportion", cap=position),
    Rule("leverage", 2, "limits.leverage", "multiple", "little is lent", gate=leverage),
    Rule("leverage_confirmed", 2, "", "faults", "the venue has the same leverage", gate=leverage_confirmed),
    Rule(
        "liquidation_distance", 2, "limits.liquidation_distance", "share", "liquidation is far", _AT_LEAST,
        gate=liquidation_distance,
    ),
    Rule(
        "liquidation_over_stop", 2, "limits.liquidation_over_stop", "ratio", "the stop comes well before it", _AT_LEAST,
        gate=liquidation_over_stop,
    ),
)  # fmt: skip
