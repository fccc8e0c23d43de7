"""What the peers are asked: real bars, the signals of a starter, and settings whose meaning they share with Karat."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from karat.core.ids import market_id
from karat.core.model.candles import Candles
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import LevelMode, Policy, SizeMode
from karat.core.model.reasons import Reason
from karat.core.model.signals import Signals
from karat.core.time import HOUR_MS
from karat.kernel.engine import prepare, run
from karat.research.trades import Trades, trades_of
from karat.strategies import Market, evaluate, find_strategy, resolve

NOTIONAL = 1e9  # a share or coin is then a whole lot of no weight: a peer that trades whole units loses nothing
CAPITAL = 1e12
FEE = 0.0005
TICK = 1e-6  # the peers know no tick
BARS = 2_400
PEERS = ("backtesting", "vectorbt")


@dataclass(frozen=True)
class Case:
    """One strategy on one file of `shared/data`, from bar `first` on. Levels are fractions of price, NaN for none.

    `peers` are those whose semantics coincide on it.
    """

    strategy: str
    file: str
    first: int
    stop: float = math.nan
    take: float = math.nan
    trailing: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    peers: tuple[str, ...] = PEERS

    @property
    def name(self) -> str:
        return f"{self.strategy}-{Path(self.file).stem}-{self.stop:g}-{self.take:g}{'-trail' * self.trailing}"

    @property
    def policy(self) -> Policy:
        """Fixed notional, market orders at the next open, the fee the only cost, takes that close all at a touch."""

        def mode(value: float) -> LevelMode:
            return LevelMode.NONE if math.isnan(value) else LevelMode.FRACTION

        return Policy(
            capital=CAPITAL,
            size_mode=SizeMode.NOTIONAL,
            size_value=NOTIONAL,
            stop_mode=mode(self.stop),
            stop_value=np.nan_to_num(self.stop),
            take_mode=mode(self.take),
            take_value=np.nan_to_num(self.take),
            take_fraction=1.0,
            strict_limit=False,
            trail_mode=mode(self.stop) if self.trailing else LevelMode.NONE,
            trail_value=np.nan_to_num(self.stop),
            trail_from_entry=self.trailing,
            half_spread=0.0,
            slippage_base=0.0,
            slippage_atr=0.0,
            slippage_volume=0.0,
        )


INSTRUMENT = Instrument(
    market=market_id("peers:UNIT"),
    kind=Kind.LINEAR,
    base="UNIT",
    quote="USD",
    settle="USD",
    tick=TICK,
    lot=1.0,
    min_quantity=1.0,
    min_notional=0.0,
    contract_size=1.0,
    maker_fee=FEE,
    taker_fee=FEE,
    maintenance_margin_rate=0.0,
    source="made for this comparison",
    as_of="2026-11-21",
    assumed=False,
)

BTC, ETH = "candles/binance_perp/1h/BTCUSDT.parquet", "candles/binance_perp/1h/ETHUSDT.parquet"
SPY = "equities/us/1d/SPY.parquet"
CASES = (
    Case("donchian_breakout", BTC, 30_000),
    Case("ema_crossover", BTC, 20_000, stop=0.01, take=0.02),
    Case("bollinger_mean_reversion", BTC, 10_000, stop=0.004, take=0.006),
    Case("rsi_macd_momentum", BTC, 40_000, stop=0.008, trailing=True),
    Case("donchian_breakout", ETH, 25_000, stop=0.015, take=0.03, trailing=True),
    Case("ema_crossover", ETH, 35_000, take=0.008),
    Case("bollinger_mean_reversion", ETH, 12_000, stop=0.006),
    Case("rsi_macd_momentum", ETH, 45_000, stop=0.01, take=0.015),
    Case("bollinger_mean_reversion", SPY, 0, stop=0.01, take=0.005, settings=(("period", "10"),)),
    Case("donchian_breakout", SPY, 2_500, stop=0.01, trailing=True, peers=("backtesting",)),
)


@dataclass(frozen=True)
class Ask:
    """A case with its bars and its signals, and what Karat makes of them."""

    case: Case
    candles: Candles
    signals: Signals

    @cached_property
    def trades(self) -> Trades:
        inputs = prepare(self.candles, self.signals, self.case.policy, INSTRUMENT)
        return trades_of(run(inputs), inputs, self.signals, INSTRUMENT)

    @cached_property
    def gap_takes(self) -> np.ndarray:
        """Trades whose take was filled at an open beyond it: Karat's maker gets its price, a peer's gets the open."""
        trades, opens = self.trades, self.candles.open[self.trades.exit_bar]
        beyond = trades.side * (opens - trades.take) > TICK / 2
        return (trades.reason == Reason.TAKE) & (trades.exit_bar > trades.entry_bar) & beyond


def ask(case: Case, shared: Path) -> Ask:
    """Read the bars of a case and compute its signals."""
    frame = pl.read_parquet(shared / "data" / case.file)[case.first : case.first + BARS]
    columns = {name: frame[name].to_numpy().copy() for name in ("ts", "open", "high", "low", "close", "volume")}
    candles = Candles(market_id("peers:UNIT"), HOUR_MS if "/1h/" in case.file else 24 * HOUR_MS, **columns)
    strategy = find_strategy(case.strategy)
    return Ask(case, candles, evaluate(strategy, Market(candles), resolve(strategy, dict(case.settings))))
