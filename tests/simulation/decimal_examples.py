"""Hand-made worlds: a market without costs, in ticks of 1 and lots of 0.1, so that one can do the sums."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from tests.simulation.world import Bar, World

from karat.core.ids import MarketId
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import Policy, SizeMode
from karat.core.time import HOUR_MS

NAN = math.nan
FREE = Policy(
    capital=1000.0,
    size_mode=SizeMode.NOTIONAL,
    size_value=100.0,
    half_spread=0.0,
    slippage_base=0.0,
    slippage_atr=0.0,
    slippage_volume=0.0,
    maker_fee=0.0,
    taker_fee=0.0,
)
PERPETUAL = Instrument(
    market=MarketId("test:AB"),
    kind=Kind.LINEAR,
    base="A",
    quote="B",
    settle="B",
    tick=1.0,
    lot=0.1,
    min_quantity=0.1,
    min_notional=1.0,
    contract_size=1.0,
    maker_fee=0.0002,
    taker_fee=0.0005,
    maintenance_margin_rate=0.0,
    source="test",
    as_of="2026-01-01",
    assumed=False,
)


FLAT = (100.0, 100.0, 100.0, 100.0)


def world(ohlc: list[tuple[float, float, float, float]], policy: Policy, *, entry: list[int], **more: Any) -> World:
    """Hourly bars from midnight on, volume 100, no exits, full confidence; `more` replaces any of it."""
    n = len(ohlc)
    plain = World(
        timeframe_ms=HOUR_MS,
        bars=[Bar(i * HOUR_MS, *prices, 100.0) for i, prices in enumerate(ohlc)],
        instrument=PERPETUAL,
        policy=policy,
        entry=entry,
        exit_long=[False] * n,
        exit_short=[False] * n,
        confidence=[1.0] * n,
    )
    return replace(plain, **more)
