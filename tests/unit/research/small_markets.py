"""Markets and runs small enough to know by heart."""

from __future__ import annotations

from typing import Any

import numpy as np

from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import Policy
from karat.core.time import HOUR_MS, parse_time_ms
from karat.ports.lake import LakeEntry, Quality
from karat.research.backtest import MarketData
from karat.strategies import Market

START = parse_time_ms("2024-01-01")
FREE: dict[str, Any] = {"half_spread": 0.0, "slippage_base": 0.0, "slippage_atr": 0.0, "slippage_volume": 0.0}


def instrument(kind: Kind = Kind.LINEAR, **changes: Any) -> Instrument:
    values: dict[str, Any] = {"market": MarketId("test:AB"), "kind": kind, "base": "A", "quote": "B", "settle": "B"}
    values |= {"tick": 0.01, "lot": 0.001, "min_quantity": 0.0, "min_notional": 0.0, "contract_size": 1.0}
    values |= {"maker_fee": 0.0002, "taker_fee": 0.0005, "maintenance_margin_rate": 0.005}
    values |= {"source": "test", "as_of": "2026-01-01", "assumed": False}
    return Instrument(**{**values, **changes})


def candles(close: Any, *, step: int = HOUR_MS, market: str = "test:AB") -> Candles:
    """Bars whose open is the close before, without wicks."""
    close = np.asarray(close, np.float64)
    opens = np.concatenate((close[:1], close[:-1]))
    return Candles(
        market=MarketId(market),
        timeframe_ms=step,
        ts=START + step * np.arange(len(close), dtype=np.int64),
        open=opens,
        high=np.maximum(opens, close),
        low=np.minimum(opens, close),
        close=close.copy(),
        volume=np.full(len(close), 1e9),
    )


def market_data(bars: Candles, **changes: Any) -> MarketData:
    """As it would come out of a lake."""
    entry = LakeEntry(
        market=bars.market,
        timeframe_ms=bars.timeframe_ms,
        first_ts=int(bars.ts[0]),
        last_ts=int(bars.ts[-1]),
        rows=len(bars),
        holes=0,
        quality=Quality(),
        hash="0" * 64,
        anchor_ts=int(bars.ts[0]),
        vault_start_ts=int(bars.ts[-1]) + 1,
        sessions=False,
        has_funding=False,
        has_mark=False,
    )
    return MarketData(Market(bars), instrument(**changes), entry)


def free_policy(**changes: Any) -> Policy:
    """No spread, no slippage; fees as the instrument has them unless changed."""
    return Policy(**{**FREE, **changes})
