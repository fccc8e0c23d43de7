"""For what an order is refused at its arrival: the code of the first thing that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from tests.chaos.storm.exchange_records import Held, Terms

from karat.core.ids import MarketId
from karat.ports.venue import Submit


class Account(Protocol):
    """What of the exchange is looked at."""

    terms: dict[MarketId, Terms]
    held: dict[MarketId, Held]

    def mark(self, market: MarketId, /) -> int: ...

    def equity(self, currency: str) -> Decimal: ...


def wrong_with(account: Account, asked: Submit, known: Mapping[str, Any]) -> str:
    """ "" where nothing is; `known` are the client ids that may not come again."""
    terms = account.terms.get(asked.market)
    if terms is None:
        return "unknown_market"
    if asked.id in known:
        return "duplicate_id"
    if not terms.open:
        return "market_closed"
    mark = account.mark(asked.market)
    return _wrong_numbers(asked, terms, mark) or _wrong_now(account, asked, terms, mark)


def takes_now(terms: Terms, mark: int, side: int, limit: int) -> bool:
    """Whether a limit is at or past the other side's best price."""
    return (limit - (mark + side * terms.half_spread_ticks)) * side >= 0


def _wrong_numbers(asked: Submit, terms: Terms, mark: int) -> str:
    levels = [ticks for ticks in (asked.limit_ticks, asked.trigger_ticks) if ticks is not None]
    if not terms.min_lots <= asked.lots <= terms.max_lots or asked.side not in (1, -1):
        return "quantity"
    if any(ticks <= 0 or abs(ticks - mark) > mark * terms.band for ticks in levels):
        return "price_band"
    if not asked.reduce_only and terms.value(asked.lots, mark) < terms.min_notional:
        return "min_notional"
    return ""


def _wrong_now(account: Account, asked: Submit, terms: Terms, mark: int) -> str:
    if asked.trigger_ticks is not None and (mark - asked.trigger_ticks) * asked.side >= 0:
        return "would_trigger"
    if asked.post_only and asked.limit_ticks is not None and takes_now(terms, mark, asked.side, asked.limit_ticks):
        return "would_take"
    held = account.held[asked.market].lots
    if asked.reduce_only:
        return "reduce_only" if held * asked.side >= 0 else ""
    if held * asked.side < 0 and asked.lots <= abs(held):
        return ""
    same = ((market, one) for market, one in account.terms.items() if one.currency == terms.currency)
    used = (abs(one.value(account.held[market].lots, account.mark(market))) / one.leverage for market, one in same)
    free = account.equity(terms.currency) - sum(used, Decimal(0))
    return "" if terms.value(asked.lots, mark) / terms.leverage <= free else "margin"
