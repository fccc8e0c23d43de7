"""Figures of closed trades, and of what trading took: exposure, turnover, cost share.

A trade won when its net result is 1e-9 or more, lost when it is -1e-9 or less; between, it broke even (simulation.md,
rule 10). Results are money, net of fees, funding and borrow; spread and slippage are inside the fill prices.
Months without trades are absent from these averages (rule 33).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import compiled
from karat.stats.figure import NO_TRADES, ONE_DAY, TIE, Figure, Undefined, assert_numbers, defined_or, quotient

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_LOSER = Undefined("no trade lost")
NO_WINNER = Undefined("no trade won")


@dataclass(frozen=True, slots=True)
class TradeSums:
    """Counts and money of closed trades, from one pass: `gains` >= 0, `losses` <= 0, `total` is everything."""

    count: int
    winners: int
    losers: int
    gains: float
    losses: float
    total: float


@compiled
def _sums_pass(pnl: Floats) -> tuple[int, int, float, float, float]:
    winners = 0
    losers = 0
    gains = 0.0
    losses = 0.0
    total = 0.0
    for trade in range(len(pnl)):
        total += pnl[trade]
        if pnl[trade] >= TIE:
            winners += 1
            gains += pnl[trade]
        elif pnl[trade] <= -TIE:
            losers += 1
            losses += pnl[trade]
    return winners, losers, gains, losses, total


def trade_sums(pnl: Floats) -> TradeSums:
    """Sums over net results of closed trades, float64, no NaN."""
    winners, losers, gains, losses, total = _sums_pass(pnl)
    assert math.isfinite(total), "trade results hold NaN or infinite values"
    return TradeSums(len(pnl), winners, losers, float(gains), float(losses), float(total))


def win_rate(sums: TradeSums) -> Figure:
    """Share of closed trades that won; one that broke even counts as a trade and not as a win."""
    return sums.winners / sums.count if sums.count else NO_TRADES


def profit_factor(sums: TradeSums) -> Figure:
    """Money won / money lost. 0 when none won; undefined when none lost."""
    if not sums.count:
        return NO_TRADES
    return quotient(sums.gains, -sums.losses, NO_LOSER)


def payoff_ratio(sums: TradeSums) -> Figure:
    """Mean winning trade / mean losing trade. Undefined unless there is one of each."""
    if not sums.count:
        return NO_TRADES
    if not sums.winners:
        return NO_WINNER
    if not sums.losers:
        return NO_LOSER
    return quotient(sums.gains / sums.winners, -sums.losses / sums.losers, NO_LOSER)


def expectancy(sums: TradeSums) -> Figure:
    """Mean net result of a trade, money."""
    return sums.total / sums.count if sums.count else NO_TRADES


def expectancy_r(pnl: Floats, risk: Floats) -> Figure:
    """Mean of net result / money at risk at entry (entry to stop), over trades with a stop.

    risk: float64 per trade, NaN where there was no stop. Undefined when no trade had one.
    """
    assert len(pnl) == len(risk), "one risk per trade"
    if not len(pnl):
        return NO_TRADES
    known = np.isfinite(risk) & (risk > 0.0)
    if not known.any():
        return Undefined("no trade had a stop to measure risk by")
    return defined_or(float(np.mean(pnl[known] / risk[known])), Undefined("a risk too small to divide by"))


def trade_return(pnl: Floats, entry_notional: Floats) -> Figure:
    """Mean of net result / entry notional. Undefined where a trade had no notional to count from."""
    assert len(pnl) == len(entry_notional), "one entry notional per trade"
    if not len(pnl):
        return NO_TRADES
    if not np.all(entry_notional > 0.0):
        return Undefined("a trade had no entry notional")
    return float(np.mean(pnl / entry_notional))


def kelly_fraction(sums: TradeSums) -> Figure:
    """Kelly's share of capital, `win rate - (1 - win rate) / payoff`, over trades that won or lost (quantstats)."""
    payoff = payoff_ratio(sums)
    if isinstance(payoff, Undefined):
        return payoff
    share = sums.winners / (sums.winners + sums.losers)
    return share - (1.0 - share) / payoff


@compiled
def _exposed_bars(position: Floats) -> int:
    bars = 0
    for bar in range(len(position)):
        if position[bar] != 0.0:
            bars += 1
    return bars


def exposure(position: Floats) -> Figure:
    """Share of bars that closed in a position; `position` is the signed quantity at each close."""
    if not len(position):
        return Undefined("no bars")
    assert_numbers(position, "position")
    return _exposed_bars(position) / len(position)


def turnover(traded_notional: float, equity: Floats, years: float) -> Figure:
    """Notional of all fills / mean equity at closes, per year. Undefined: no time, mean equity not positive."""
    assert_numbers(equity, "equity")
    if not len(equity) or years <= 0.0:
        return ONE_DAY
    mean = float(equity.mean())
    if mean <= 0.0:
        return Undefined("mean equity was zero or below")
    return traded_notional / mean / years


def cost_share(net_result: float, costs: float) -> Figure:
    """All costs / profit before costs, `costs / (net_result + costs)`.

    costs: fees, spread, slippage, funding and borrow in money; funding received makes them smaller. 0.4 says that costs
    took two fifths of what the signals made; above 1, that they turned a profit into a loss.
    Undefined: no profit before costs.
    """
    before = net_result + costs
    if before < TIE:
        return Undefined("no profit before costs")
    return quotient(costs, before, Undefined("no profit before costs"))
