"""The same trades in another order, other trades of the same kind, other years of the same days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from karat.core.model.candles import Floats
from karat.research.robustness.bands import Band, Fan, band_of, fan_of, points_of
from karat.research.robustness.variant import Variant
from karat.stats import Figure, Undefined
from karat.stats.belief.bootstrap import block_lengths, stationary_blocks
from karat.stats.belief.day_paths import walk_days
from karat.stats.belief.trade_paths import resampled_trades, shuffled_trades
from karat.stats.figure import BANKRUPT, NO_TRADES, quotient

PATHS = 5_000  # the least of the validation checklist, item 22
RUIN = 0.5  # an account that has lost half of its start is ruined (item 22)
_DAYS_MIN = 30  # fewer days than that tell nothing of a year (as in `stats.belief.consistency`)
TOO_FEW_DAYS = Undefined(f"fewer than {_DAYS_MIN} days")
NEVER_FELL = Undefined("the real run never fell")


@dataclass(frozen=True, slots=True, eq=False)
class ShuffledTrades:
    """Drawdowns that other orders of the same trades would have made, fractions. Where they end is not moved.

    `real` is the drawdown of the trades in the order in which they came, from close of trade to close of trade, and
    `rank` the share of orders with a drawdown at most as deep: near 0 the real order was a lucky one.
    """

    paths: int
    real: float
    rank: float
    drawdown: Band
    equity: Fan


@dataclass(frozen=True, slots=True, eq=False)
class ResampledTrades:
    """As many trades drawn with replacement: total return and drawdown, fractions; `loss` is the share of paths that
    ended at or below the start."""

    paths: int
    loss: float
    total_return: Band
    drawdown: Band
    equity: Fan


@dataclass(frozen=True, slots=True, eq=False)
class ResampledDays:
    """Paths of `horizon_days` days from the stationary bootstrap, in blocks of `mean_block_days` on average.

    `loss` is the share of paths that ended at or below the start, `ruin` of those that ever fell to half of it.
    `drawdown_over_real` is the 95th percentile of drawdowns over that of the real daily marks.
    """

    paths: int
    horizon_days: int
    record_days: int
    mean_block_days: float
    loss: float
    ruin: float
    total_return: Band
    drawdown: Band
    drawdown_over_real: Figure
    equity: Fan


def trade_returns(variant: Variant) -> Floats | Undefined:
    """Result of each closed trade over what the closed trades before it had left of the capital; compounded they end
    where the trades did. Undefined where nothing was left to trade with."""
    pnl = variant.run.trades.pnl
    if not len(pnl):
        return NO_TRADES
    before = variant.policy.capital + np.concatenate(([0.0], np.cumsum(pnl)[:-1]))
    return BANKRUPT if (before <= 0.0).any() else pnl / before


def shuffle_trades(variant: Variant, *, seed: int, paths: int = PATHS) -> ShuffledTrades | Undefined:
    """Other orders of the same trades: the luck in the drawdown."""
    returns = trade_returns(variant)
    if isinstance(returns, Undefined):
        return returns
    after = points_of(len(returns))
    found = shuffled_trades(returns, seed=seed, paths=paths, after=after)
    if isinstance(found, Undefined):
        return found
    real = _drawdown(returns)
    rank = float(np.mean(found.drawdown <= real))
    return ShuffledTrades(paths, real, rank, band_of(found.drawdown), fan_of("trades", after, found.curves))


def resample_trades(variant: Variant, *, seed: int, paths: int = PATHS) -> ResampledTrades | Undefined:
    """Trades drawn again: what as many trades of this kind might have given, were they independent."""
    returns = trade_returns(variant)
    if isinstance(returns, Undefined):
        return returns
    after = points_of(len(returns))
    found = resampled_trades(returns, seed=seed, paths=paths, after=after)
    if isinstance(found, Undefined):
        return found
    loss = float(np.mean(found.final <= 1.0))
    fan = fan_of("trades", after, found.curves)
    return ResampledTrades(paths, loss, band_of(found.final - 1.0), band_of(found.drawdown), fan)


def resample_days(
    variant: Variant, *, seed: int, paths: int = PATHS, horizon_days: int | None = None
) -> ResampledDays | Undefined:
    """Days drawn again in blocks of the automatic length. `horizon_days` None: a year (365 days, 252 sessions)."""
    horizon = variant.days_per_year if horizon_days is None else horizon_days
    returns = variant.daily_returns()
    if np.isnan(returns).any():
        return BANKRUPT
    if len(returns) < _DAYS_MIN:
        return TOO_FEW_DAYS
    lengths = block_lengths(returns)
    if isinstance(lengths, Undefined):
        return lengths
    mean_block = max(lengths[0], 1.0)
    after = points_of(horizon)
    found = walk_days(returns, stationary_blocks(seed, paths, len(returns), horizon, mean_block), after)
    drawdown = band_of(found.drawdown)
    deep = drawdown.at(95)
    assert not isinstance(deep, Undefined), "every path has a drawdown"
    return ResampledDays(
        paths=paths,
        horizon_days=horizon,
        record_days=len(returns),
        mean_block_days=mean_block,
        loss=float(np.mean(found.final <= 1.0)),
        ruin=float(np.mean(found.lowest <= RUIN)),
        total_return=band_of(found.final - 1.0),
        drawdown=drawdown,
        drawdown_over_real=quotient(deep, _drawdown(returns), NEVER_FELL),
        equity=fan_of("days", after, found.curves),
    )


def _drawdown(returns: Floats) -> float:
    """Deepest fall of compounded returns, the start included."""
    equity = np.concatenate(([1.0], np.cumprod(1.0 + returns)))
    return float(np.max(1.0 - equity / np.maximum.accumulate(equity)))
