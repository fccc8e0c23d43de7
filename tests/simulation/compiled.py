"""The kernel as a simulator of worlds, so that it can stand beside the Decimal one."""

from __future__ import annotations

import numpy as np
from tests.simulation.world import Bar, Fill, Run, World

from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Funding
from karat.core.model.instrument import Kind
from karat.core.model.signals import Signals
from karat.kernel.engine import Record, prepare, run
from karat.kernel.loop import closing_day
from karat.kernel.prepare import Extras
from karat.kernel.records import NO_LEVEL


def _candles(bars: list[Bar], timeframe_ms: int) -> Candles:
    columns = {name: np.array([getattr(bar, name) for bar in bars], float) for name in ("open", "high", "low", "close")}
    return Candles(
        MarketId("test:WORLD"),
        timeframe_ms,
        np.array([bar.ts for bar in bars], np.int64),
        volume=np.array([bar.volume for bar in bars], float),
        **columns,
    )


def _column(values: list[float] | None) -> np.ndarray | None:
    return None if values is None else np.array(values, float)


def _signals(world: World) -> Signals:
    return Signals(
        np.array(world.entry, np.int8),
        np.array(world.exit_long, bool),
        np.array(world.exit_short, bool),
        np.array(world.confidence, float),
        _column(world.stop),
        _column(world.take),
        _column(world.size_scale),
        _column(world.leverage),
        _column(world.target),
    )


def inputs_of(world: World, *, tier=None):
    bars = len(world.bars)
    nothing = np.full(bars, np.nan)
    funding = None
    if world.funding:
        stamps = np.array([event[0] for event in world.funding], np.int64)
        funding = Funding(stamps, *(np.array([event[k] for event in world.funding], float) for k in (1, 2)))
    extras = Extras(
        funding=funding,
        detail=_candles(world.detail, world.detail_timeframe_ms) if world.detail else None,
        regime=None if world.regime is None else np.array(world.regime, np.int64),
        atr=nothing if world.atr is None else np.array(world.atr, float),
        volatility=nothing if world.volatility is None else np.array(world.volatility, float),
    )
    candles = _candles(world.bars, world.timeframe_ms)
    signals = _signals(world)
    features = None if tier is None else tier(world.policy, world.instrument, signals, extras)
    return prepare(candles, signals, world.policy, world.instrument, extras, features=features)


def simulate(world: World) -> Run:
    """What the compiled kernel (or its plain twin, under KARAT_PLAIN=1) says of a world."""
    record = run(inputs_of(world))
    return as_run(world, record)


def as_run(world: World, record: Record) -> Run:
    columns = record.fills
    fills = [
        Fill(
            ts=int(columns["ts"][row]),
            bar=int(columns["bar"][row]),
            side=int(columns["side"][row]),
            lots=int(columns["lots"][row]),
            reason=int(columns["reason"][row]),
            decision_bar=int(columns["decision_bar"][row]),
            level_ticks=None if columns["level_ticks"][row] == NO_LEVEL else int(columns["level_ticks"][row]),
            raw_price=float(columns["raw_price"][row]),
            price=float(columns["price"][row]),
            fee=float(columns["fee"][row]),
            spread_cost=float(columns["spread_cost"][row]),
            slippage_cost=float(columns["slippage_cost"][row]),
            position_before=int(columns["position_before"][row]),
            equity_before=float(columns["equity_before"][row]),
        )
        for row in range(len(columns["bar"]))
    ]
    state = record.state
    per_year = 252 if world.instrument.kind == Kind.EQUITY else 365
    return Run(
        fills=fills,
        equity=[float(value) for value in record.equity],
        refusals=[int(value) for value in record.refusals],
        funding=state.money.funding,
        borrow=state.money.borrow,
        realised=state.money.realised,
        max_drawdown=state.marks.max_drawdown,
        sharpe=_sharpe(*closing_day(state.marks), per_year),
        closed_trades=int(state.money.closed_trades),
        open_lots=int(state.holding.side * state.holding.lots),
    )


def _sharpe(days: int, total: float, squares: float, per_year: int) -> float | None:
    if days < 2:
        return None
    variance = (squares - total * total / days) / (days - 1)
    return None if not variance > 1e-24 else total / days / variance**0.5 * per_year**0.5
