"""Small runs to measure: equities at closes, made from daily returns or by hand."""

from __future__ import annotations

import numpy as np

from karat.stats.summary import SummaryInput, TradeColumns

DAY = 86_400_000
HOUR = 3_600_000
MIDNIGHT = 1_704_067_200_000  # 2024-01-01T00:00:00Z, a Monday


def closes(count: int, step: int = DAY, first_open: int = MIDNIGHT) -> np.ndarray:
    return first_open + step * np.arange(1, count + 1, dtype=np.int64)


def marks_of(returns: np.ndarray) -> np.ndarray:
    return np.concatenate(([1.0], np.cumprod(1.0 + np.asarray(returns))))


def trades_of(*net: float, costs: float = 0.0) -> TradeColumns:
    count = len(net)
    nothing = np.zeros(count)
    return TradeColumns(
        net_pnl=np.array(net, dtype=np.float64),
        fees=np.full(count, costs),
        funding=nothing,
        borrow=nothing,
        spread=nothing,
        slippage=nothing,
        bars_held=np.ones(count, np.int64),
        entry_notional=np.full(count, 100.0),
    )


def run_of(
    equity: list[float], *, start: float = 100.0, step: int = DAY, trades: TradeColumns | None = None
) -> SummaryInput:
    return SummaryInput(
        close_ts=closes(len(equity), step),
        equity=np.array(equity, dtype=np.float64),
        start=start,
        start_ts=MIDNIGHT,
        position=np.zeros(len(equity)),
        trades=trades_of() if trades is None else trades,
        traded_notional=0.0,
    )
