"""How much of the profit comes from few trades, one month, one regime."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from karat.core.model.candles import Ints
from karat.research.robustness.variant import Variant
from karat.stats import Figure, Undefined, daily_marks, is_defined
from karat.stats.figure import NO_TRADES, TIE
from karat.stats.months import month_marks

BEST_TRADES = 0.05  # validation checklist, item 10
UNKNOWN_REGIME = -1
NO_PROFIT = Undefined("no profit to depend on anything")
NO_REGIMES = Undefined("no regimes were given")


@dataclass(frozen=True, slots=True)
class RegimeGain:
    """What equity gained, in money, over `bars` bars of the regime with this code; -1 where none is known."""

    regime: int
    bars: int
    gain: float


@dataclass(frozen=True, slots=True)
class Dependence:
    """Shares of the profit. Undefined without a profit.

    `best_trades` is the share of all that winning trades made which the best `trades_counted` of all closed ones (5%,
    rounded up) made: of winnings, because of the net profit it would grow with the root of the number of trades however
    evenly they earn. `return_without` is what all others came to, over the capital. `best_month` ("2024-03") and
    `best_regime` are shares of the gain of equity; a bar belongs to the regime at its close, with the gain since the
    close before.
    """

    trades_counted: int
    best_trades: Figure
    return_without: Figure
    best_month: Figure
    month: str | None
    best_regime: Figure
    regimes: tuple[RegimeGain, ...]


def dependence(variant: Variant, regimes: Ints | None = None) -> Dependence:
    """`regimes` are codes of the bars' regimes, int64 of one length with them, -1 where unknown."""
    counted, best_trades, without = _best_trades(variant)
    best_month, month = _best_month(variant)
    gains = () if regimes is None else _regime_gains(variant, regimes)
    known = [one.gain for one in gains if one.regime != UNKNOWN_REGIME]
    best_regime: Figure = NO_REGIMES
    if known:
        best_regime = _share(max(known), _gain(variant))
    return Dependence(counted, best_trades, without, best_month, month, best_regime, gains)


def _gain(variant: Variant) -> float:
    return float(variant.run.equity[-1]) - variant.policy.capital


def _share(part: float, whole: float) -> Figure:
    return part / whole if whole >= TIE else NO_PROFIT


def _best_trades(variant: Variant) -> tuple[int, Figure, Figure]:
    pnl = np.sort(variant.run.trades.pnl)[::-1]
    if not len(pnl):
        return 0, NO_TRADES, NO_TRADES
    counted = math.ceil(BEST_TRADES * len(pnl))
    best, whole, won = float(pnl[:counted].sum()), float(pnl.sum()), float(pnl[pnl > 0.0].sum())
    share = NO_PROFIT if whole < TIE else _share(best, won)
    return counted, share, (whole - best) / variant.policy.capital


def _best_month(variant: Variant) -> tuple[Figure, str | None]:
    run, sessions = variant.run, variant.keys is not None
    marks = daily_marks(run.close_ts, run.equity, run.policy.capital, sessions=sessions, session_keys=variant.keys)
    months, ends = month_marks(*marks)
    gains = np.diff(ends)
    best = int(np.argmax(gains))
    share = _share(float(gains[best]), _gain(variant))
    return share, str(months[best].astype("datetime64[M]")) if is_defined(share) else None


def _regime_gains(variant: Variant, regimes: Ints) -> tuple[RegimeGain, ...]:
    equity = variant.run.equity
    assert len(regimes) == len(equity), "one regime per bar"
    gains = np.diff(equity, prepend=variant.policy.capital)
    return tuple(
        RegimeGain(int(code), int((regimes == code).sum()), float(gains[regimes == code].sum()))
        for code in np.unique(regimes)
    )
