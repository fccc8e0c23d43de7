"""Layer 1: the signal and its order. Is it an order at all, is its price a price, can this market take it now?"""

from __future__ import annotations

from karat.risk.case import LOTS_MAX, Case, Unknown, not_negative, number, positive
from karat.risk.rules import Faults, Line, Relation, Rule


def sane(case: Case) -> Faults:
    """Nothing about an order that is no whole number, and nothing without a name."""
    order, words = case.proposal, list[str]()
    if type(order.lots) is not int or not 0 < order.lots <= LOTS_MAX:
        words.append(f"{order.lots!r} is no count of lots")
    if type(order.side) is not int or order.side not in (1, -1):
        words.append(f"{order.side!r} is no side")
    for name, ticks in (("limit", order.limit_ticks), ("stop", order.stop_ticks)):
        if ticks is not None and (type(ticks) is not int or not 0 < ticks <= LOTS_MAX):
            words.append(f"{ticks!r} is no {name} in ticks")
    if not order.signal_key:
        words.append("the signal has no key")
    return Faults(tuple(words))


def duplicate(case: Case) -> Faults:
    """One signal gives one entry, and nothing follows an order of which nobody knows whether it arrived."""
    order, used, flying = case.proposal, case.snapshot.signal_keys_used, case.snapshot.in_flight
    if used is None or flying is None:
        raise Unknown("what was sent before is not known")
    entries = [one for one in flying if not one.reduce_only]
    words = list[str]()
    if order.signal_key in used or any(one.signal_key == order.signal_key for one in entries):
        words.append(f"signal {order.signal_key} gave an entry before")
    same = [one for one in entries if (one.bot, one.market, one.side) == (order.bot, order.market, order.side)]
    if any(one.unresolved for one in same):
        words.append("an order of this bot, market and side may have arrived or not")
    return Faults(tuple(words))


def decision_age(case: Case) -> float:
    now = number(case.snapshot.now_ms, "the time")
    return not_negative(now - number(case.proposal.decided_ms, "the time of the decision"), "age of the decision")


def quote_age(case: Case) -> float:
    now = number(case.snapshot.now_ms, "the time")
    return not_negative(now - number(case.market.quote_ms, "the time of the quote"), "age of the quote")


def spread(case: Case) -> float:
    middle = case.middle
    return (number(case.market.ask, "the ask") - number(case.market.bid, "the bid")) / middle


def price_band(case: Case) -> float:
    """How far from the middle the order would trade; the mark must lie as near."""
    middle, mark = case.middle, positive(case.market.mark, "the mark")
    prices = [mark] if case.proposal.limit_ticks is None else [mark, case.price(case.proposal.limit_ticks)]
    return max(abs(price / middle - 1.0) for price in prices)


def size_max(case: Case) -> tuple[Line, ...]:
    return (Line(0.0, 1.0),)


def order_notional(case: Case) -> tuple[Line, ...]:
    return (Line(0.0, case.own_per_lot),)


def depth_taken(case: Case) -> tuple[Line, ...]:
    return (Line(0.0, case.own_per_lot, positive(case.market.depth, "depth of the book")),)


def size_min(case: Case) -> tuple[Line, ...]:
    return (Line(0.0, 1.0),)


def notional_min(case: Case) -> tuple[Line, ...]:
    """At the price that makes it smallest."""
    price = positive(case.market.bid, "the bid")
    if case.proposal.limit_ticks is not None:
        price = min(price, case.price(case.proposal.limit_ticks))
    return (Line(0.0, case.per_lot(case.market, price)),)


def market_size_max(case: Case) -> float:
    return positive(case.market.max_lots, "the largest size")


def market_size_min(case: Case) -> float:
    return positive(case.market.min_lots, "the smallest size")


def market_notional_min(case: Case) -> float:
    return not_negative(case.market.min_notional, "the smallest notional")


_AT_LEAST = Relation.AT_LEAST
ORDER_RULES = (
    Rule("sane", 1, "", "faults", "sides, sizes and levels are what they must be", gate=sane),
    Rule("duplicate", 1, "", "faults", "one signal, one entry; nothing on top of the unknown", gate=duplicate),
    Rule("decision_age", 1, "limits.decision_age", "milliseconds", "the decision is still news", gate=decision_age),
    Rule("quote_age", 1, "limits.quote_age", "milliseconds", "the quote is fresh", gate=quote_age),
    Rule("spread", 1, "limits.spread", "share", "bid and ask lie close", gate=spread),
    Rule("price_band", 1, "limits.price_band", "share", "limit and mark lie near the middle", gate=price_band),
    Rule("size_max", 1, "", "lots", "the market takes this much", cap=size_max, bound=market_size_max),
    Rule("order_notional", 1, "limits.order_notional", "quote", "no single order is larger", cap=order_notional),
    Rule("depth_taken", 1, "limits.depth_taken", "share", "the order is small in its book", cap=depth_taken),
    Rule("size_min", 1, "", "lots", "the market takes this little", _AT_LEAST, floor=size_min, bound=market_size_min),
    Rule(
        "notional_min", 1, "", "quote", "the market takes this little money", _AT_LEAST,
        floor=notional_min, bound=market_notional_min,
    ),
)  # fmt: skip
