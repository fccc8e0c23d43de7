"""Layer 4: the portfolio with everything in flight filled. How much, how one-sided, how much of it is one bet?

Figures are multiples of the account's equity. Nothing is netted away by an order that has not filled.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from karat.core.ids import MarketId, symbol_of
from karat.risk.case import Case, Exposure, Unknown, drawdown, fall, flag, not_negative, number
from karat.risk.rules import Line, Rule

Spot = tuple[MarketId, int]  # a market and a side


def gross_exposure(case: Case) -> tuple[Line, ...]:
    return _sum_of(case, lambda _: True)


def net_exposure(case: Case) -> tuple[Line, ...]:
    """To the side of the order: what is held either way, and of what is in flight only what adds to it."""
    side = case.proposal.side
    towards = [one.notional * one.side * side for one in case.exposures if not one.in_flight or one.side == side]
    return (Line(math.fsum(towards), case.own_per_lot, case.equity),)


def symbol_exposure(case: Case) -> tuple[Line, ...]:
    """At all venues together."""
    symbol = symbol_of(case.proposal.market)
    return _sum_of(case, lambda one: symbol_of(one.market) == symbol)


def sector_exposure(case: Case) -> tuple[Line, ...]:
    sector = _sector(case, case.proposal.market)
    return _sum_of(case, lambda one: _sector(case, one.market) == sector)


def strategy_exposure(case: Case) -> tuple[Line, ...]:
    return _sum_of(case, lambda one: one.strategy == case.proposal.strategy)


def correlated_exposure(case: Case) -> tuple[Line, ...]:
    """The largest bet that the order adds to.

    A bet is a market and a side; everything that moves with it counts by its correlation, what moves against it counts
    nothing: a hedge is a hope. One line for every bet that the order would make larger.
    """
    own: Spot = (case.proposal.market, case.proposal.side)
    amounts: dict[Spot, list[float]] = {own: []}
    for one in case.exposures:
        amounts.setdefault((one.market, one.side), []).append(one.notional)
    sums = {spot: math.fsum(notionals) for spot, notionals in amounts.items()}
    lines: list[Line] = []
    for bet in sums:
        base = math.fsum(_together(case, bet, spot) * notional for spot, notional in sums.items())
        slope = _together(case, bet, own) * case.own_per_lot
        lines += [Line(base, slope, case.equity)] if slope > 0.0 else []
    return tuple(lines)


def marks_age(case: Case) -> float:
    """The oldest quote of what is held or in flight, in milliseconds. A market that takes exits alone is left out: its
    last mark is the last there is, and it must not stop the others."""
    now = number(case.snapshot.now_ms, "the time")
    oldest = 0.0
    for market in {one.market for one in case.exposures}:
        view = case.view(market)
        if not flag(view.close_only, f"whether {market} takes entries"):
            age = now - number(view.quote_ms, f"the time of the quote of {market}")
            oldest = max(oldest, not_negative(age, f"age of the quote of {market}"))
    return oldest


def daily_drawdown(case: Case) -> float:
    account = case.snapshot.account
    return drawdown(account.equity, account.equity_day_start, "the account", "equity at the day's start")


def account_drawdown(case: Case) -> float:
    account = case.snapshot.account
    return fall(account.equity, account.equity_peak, "the account")


def _sum_of(case: Case, belongs: Callable[[Exposure], bool]) -> tuple[Line, ...]:
    notional = math.fsum(one.notional for one in case.exposures if belongs(one))
    return (Line(notional, case.own_per_lot, case.equity),)


def _sector(case: Case, market: MarketId) -> str:
    sector = case.view(market).sector
    if not sector:
        raise Unknown(f"the sector of {market} is not known")
    return sector


def _together(case: Case, first: Spot, second: Spot) -> float:
    """How much of one moves with the other, between 0 and 1. Raises Unknown."""
    if first[0] == second[0]:
        return 1.0 if first[1] == second[1] else 0.0
    known = case.snapshot.correlations
    if known is None:
        raise Unknown("correlations are not known")
    pair, back = known.get((first[0], second[0])), known.get((second[0], first[0]))
    if pair is not None and back is not None and pair != back:
        raise Unknown(f"the correlation of {first[0]} and {second[0]} is told of in two ways")
    found = back if pair is None else pair
    if found is None:
        raise Unknown(f"the correlation of {first[0]} and {second[0]} is not known")
    low, high = (number(end, f"the correlation of {first[0]} and {second[0]}") for end in found)
    if not -1.0 <= low <= high <= 1.0:
        raise Unknown(f"the correlation of {first[0]} and {second[0]} is {low:g} to {high:g}, which cannot be")
    return max(0.0, high if first[1] == second[1] else -low)


PORTFOLIO_RULES = (
    Rule("gross_exposure", 4, "limits.gross_exposure", "multiple", "all of it", cap=gross_exposure),
    Rule("net_exposure", 4, "limits.net_exposure", "multiple", "all to one side", cap=net_exposure),
    Rule("symbol_exposure", 4, "limits.symbol_exposure", "multiple", "one symbol", cap=symbol_exposure),
    Rule("sector_exposure", 4, "limits.sector_exposure", "multiple", "one sector", cap=sector_exposure),
    Rule("strategy_exposure", 4, "limits.strategy_exposure", "multiple", "one strategy", cap=strategy_exposure),
    Rule("correlated_exposure", 4, "limits.correlated_exposure", "multiple", "one bet", cap=correlated_exposure),
    Rule("marks_age", 4, "limits.marks_age", "milliseconds", "what is held has fresh prices", gate=marks_age),
    Rule("daily_drawdown", 4, "limits.daily_drawdown", "share", "the account's day is not lost", gate=daily_drawdown),
    Rule("drawdown", 4, "limits.drawdown", "share", "the account is near its peak", gate=account_drawdown),
)
