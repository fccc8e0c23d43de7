"""What the paper venue refuses, and in which words. Unknown means refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from karat.core.ids import MarketId
from karat.kernel.entries import meets_minimums
from karat.ports.venue import Submit
from karat.venues.paper.accounts import SubAccount
from karat.venues.paper.prices import Book


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Rules that some venues have. `price_band`: how far a limit or trigger may lie from the last close, as a fraction
    of it; `quote_age_ms_max`: an order that adds risk needs a book that is not older. None: no such rule."""

    price_band: float | None = None
    quote_age_ms_max: int | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What an order meets: the account, the books that are known, and the time, None where nobody knows it."""

    account: SubAccount
    books: Mapping[MarketId, Book] = field(default_factory=dict[MarketId, Book])
    now_ms: int | None = None


def refusal(submit: Submit, at: Situation, rulebook: Rulebook) -> str:
    """Why an order cannot be taken; "" where it can."""
    told = _form(submit, at.account)
    if told:
        return told
    if submit.reduce_only:
        if at.account.holding.side != -submit.side:
            return "reduce-only without a position"
    else:
        told = _risk(submit, at, rulebook)
    return told or _band(submit, at.account, rulebook)


def _form(submit: Submit, account: SubAccount) -> str:
    """What no state of the market could make good."""
    if submit.market != account.market:
        return f"unknown market {submit.market}"
    if submit.side not in (1, -1) or submit.lots <= 0:
        return "off the grid: side is +1 or -1 and lots are above zero"
    if any(ticks is not None and ticks <= 0 for ticks in (submit.limit_ticks, submit.trigger_ticks)):
        return "off the grid: a price is at least one tick"
    if submit.trigger_ticks is not None and (submit.limit_ticks is not None or not submit.reduce_only):
        return "not simulated: a stop is reduce-only and becomes a market order"
    if submit.limit_ticks is not None and not submit.reduce_only and not submit.post_only:
        return "not simulated: a limit that opens is post-only"
    return ""


def _risk(submit: Submit, at: Situation, rulebook: Rulebook) -> str:
    """Minimums at the last close, and what is said of quotes."""
    account, inputs, book = at.account, at.account.inputs, at.books.get(submit.market)
    if inputs is not None and account.walked >= 0:
        close = float(inputs.bars.close[account.walked])
        quantity = submit.lots * inputs.rules.lot
        if not meets_minimums(inputs.rules, inputs.features, submit.lots, close):
            return f"below the minimum quantity or notional: {quantity} at {close}"
    if rulebook.quote_age_ms_max is not None:
        if book is None or at.now_ms is None:
            return "stale quote: none is known"
        age = at.now_ms - book.ts
        if age > rulebook.quote_age_ms_max:
            return f"stale quote: {age} ms old"
    if submit.post_only and submit.timing is None and submit.limit_ticks is not None and inputs is not None:
        if book is not None:
            best = book.asks[0][0] if submit.side > 0 else book.bids[0][0]
        elif account.walked >= 0:
            best = float(inputs.bars.close[account.walked])
        else:
            return ""
        if submit.side * (best - submit.limit_ticks * inputs.rules.tick) < 1e-6 * inputs.rules.tick:
            return "post-only would take"
    return ""


def _band(submit: Submit, account: SubAccount, rulebook: Rulebook) -> str:
    ticks = submit.limit_ticks if submit.limit_ticks is not None else submit.trigger_ticks
    if rulebook.price_band is None or ticks is None or account.inputs is None or account.walked < 0:
        return ""
    close = float(account.inputs.bars.close[account.walked])
    price = ticks * account.inputs.rules.tick
    return f"outside the price band: {price} at {close}" if abs(price / close - 1.0) > rulebook.price_band else ""
