"""What an explanation reads: a stored run, and the bars it was made on, out of the lake."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import market_id
from karat.core.model.candles import Candles, no_funding
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import Policy
from karat.core.model.signals import Signals
from karat.core.time import iso, timeframe_ms
from karat.kernel.engine import prepare
from karat.kernel.prepare import Extras
from karat.kernel.records import Bars, Rules
from karat.lake.reading import read_market
from karat.ports.lake import Lake
from karat.research.backtest_market import known_funding
from karat.research.data_gate import bars_hash
from karat.research.manifest import instrument_of, policy_of
from karat.research.run_store import Arrays, StoredRun


@dataclass(frozen=True, slots=True, eq=False)
class Fill:
    """One fill of the record. `row` is its place in it; the rest as in `kernel.records.FILL_INTS` and `FILL_FLOATS`."""

    row: int
    ts: int
    bar: int
    side: int
    lots: int
    reason: int
    decision_bar: int
    level_ticks: int
    position_before: int
    trade: int
    raw_price: float
    price: float
    fee: float
    spread_cost: float
    slippage_cost: float
    equity_before: float
    gain: float
    trade_funding: float
    trade_borrow: float


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A stored run and everything its rules read."""

    run: StoredRun
    candles: Candles
    signals: Signals
    policy: Policy
    instrument: Instrument
    rules: Rules
    bars: Bars
    funding_stamps: tuple[np.ndarray, np.ndarray, np.ndarray]

    @property
    def record(self) -> Arrays:
        return self.run.bars

    @property
    def inverse(self) -> bool:
        return self.instrument.kind == Kind.INVERSE

    @property
    def spot(self) -> bool:
        return self.instrument.kind in (Kind.SPOT, Kind.EQUITY)

    def fill(self, row: int) -> Fill:
        """Fill number `row` of the record."""
        values: dict[str, Any] = {name: column[row].item() for name, column in self.run.fills.items()}
        return Fill(row=row, **values)

    def when(self, bar: int) -> str:
        """A bar for people: its number and open time."""
        return f"bar {bar} ({iso(int(self.candles.ts[bar]))})"

    def quantity(self, lots: int) -> float:
        """Contracts of whole lots."""
        return lots * self.rules.lot

    def notional(self, lots: int, price: float) -> float:
        """Notional in the settlement currency (rule 30)."""
        base = self.quantity(lots) * self.rules.contract_size
        return base / price if self.inverse else base * price

    def result(self, side: int, lots: int, entry: float, leave: float) -> float:
        """Profit before costs (rule 30)."""
        base = self.quantity(lots) * self.rules.contract_size
        return side * base * ((1.0 / entry - 1.0 / leave) if self.inverse else (leave - entry))


def load_case(run: StoredRun, lake: Lake) -> Case:
    """The case of a stored run. Raises InputError `data_changed` when the lake no longer holds exactly its bars."""
    told = run.manifest
    market, timeframe = market_id(told["market"]), timeframe_ms(told["timeframe"])
    entry = lake.entry(market, timeframe)
    candles = read_market(lake, market, timeframe, told["first_bar"], told["last_bar"] + 1).candles
    funding = known_funding(lake.funding(market), candles) if entry.has_funding else no_funding()
    if bars_hash(candles, funding) != told["bars_hash"]:
        raise InputError(
            "data_changed",
            f"The bars or funding of {market} {told['timeframe']} have changed since run {run.id}.",
            "Run the backtest again and explain that run.",
        )
    signals = Signals(**{spec.name: run.bars.get(spec.name) for spec in fields(Signals)})  # type: ignore[arg-type]
    policy, instrument = policy_of(told), instrument_of(told)
    extras = Extras(funding=funding) if len(funding.ts) else None
    inputs = prepare(candles, signals, policy, instrument, extras)
    return Case(
        run=run,
        candles=candles,
        signals=signals,
        policy=policy,
        instrument=instrument,
        rules=inputs.rules,
        bars=inputs.bars,
        funding_stamps=(funding.ts, funding.rate, funding.mark),
    )
