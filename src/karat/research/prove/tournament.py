"""Stage 1: every strategy at its default parameters on every market and timeframe. Is there anything?

Only cheap checks: enough bars and trades, something earned, in both halves of the record, in more than one regime and,
where several markets are tried, on more than one of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import Floats
from karat.research.backtest import MarketData
from karat.research.prove.record import by_period, curve, marks_of, periods_of
from karat.research.prove.search import Searcher
from karat.research.prove.stage import Check, Stage, StageResult, above, at_least
from karat.research.robustness.variant import Variant, variant_of
from karat.research.sweeps.grid import SweepGrid
from karat.research.validation.daily import daily_runs
from karat.stats.figure import Figure, Undefined, to_json
from karat.strategies import resolve

_REGIMES = 2
_SYMBOLS = 2


def tournament(searcher: Searcher, markets: Mapping[MarketId, MarketData]) -> dict[MarketId, StageResult]:
    """One timeframe: the result of every market."""
    alone = {market: _alone(searcher, data) for market, data in markets.items()}
    earning = sum(_earned(one) for one in alone.values())
    symbols: Figure = float(earning) if len(markets) > 1 else Undefined("one market was tried")
    # With one market there is nothing to compare with: that lowers the verdict in the end, and buries nobody here.
    across = Check("markets_earning", symbols, f"at least {_SYMBOLS}", len(markets) == 1 or earning >= _SYMBOLS)
    return {
        market: StageResult(Stage.TOURNAMENT, (*one.checks, across), one.numbers, one.pictures)
        for market, one in alone.items()
    }


def _earned(result: StageResult) -> bool:
    return next(one.passed for one in result.checks if one.name == "total_return")


def _alone(searcher: Searcher, data: MarketData) -> StageResult:
    """One market, without the others."""
    strategy, thresholds = searcher.strategy, searcher.settings.thresholds
    runs = daily_runs(data, strategy, SweepGrid({}, {}), searcher.policy)
    searcher.book.tried(strategy, runs.tried(data, searcher.policy))
    variant = variant_of(data, strategy, resolve(strategy, {}), searcher.policy)
    metrics, (day_ts, marks) = variant.run.metrics, marks_of(variant)
    days, trades = float(len(day_ts)), metrics["trades"]
    half = len(marks) // 2
    checks = (
        at_least("days", days, thresholds.gate("days").value, buries=False),
        at_least("trades", trades, thresholds.setting("tournament_trades"), buries=False),
        above("total_return", metrics["total_return"], 0.0),
        above("return_of_first_half", _growth(marks[: half + 1]), 0.0),
        above("return_of_second_half", _growth(marks[half:]), 0.0),
        at_least("regimes_earning", regimes_earning(variant), _REGIMES),
    )
    names = ("total_return", "sharpe", "max_drawdown", "trades", "profit_factor")
    numbers = {
        "bars": len(data.candles), "days": days, "parameters": variant.values.as_dict(),
        **{name: to_json(metrics[name]) for name in names},
    }  # fmt: skip
    return StageResult(Stage.TOURNAMENT, checks, numbers, {"equity": curve(day_ts, marks)})


def _growth(marks: Floats) -> Figure:
    return float(marks[-1] / marks[0]) - 1.0 if marks[0] > 0.0 else Undefined("nothing was left to earn with")


def regimes_earning(variant: Variant) -> Figure:
    """In how many of the market's period regimes the variant earned."""
    try:
        return float(sum(one.is_positive for one in by_period(variant, periods_of(variant))))
    except InputError as error:
        return Undefined(error.message)
