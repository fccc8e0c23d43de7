"""One run at one level of costs: its record, its trades and its figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.core.model.candles import Candles, Floats, Ints
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import Policy
from karat.core.model.reasons import Refusal
from karat.core.model.signals import Signals
from karat.kernel.engine import Inputs, Record, prepare, run
from karat.kernel.prepare import Extras, session_dates
from karat.research.trades import OpenPosition, Trades, notionals, open_position_of, trades_of
from karat.stats import Figure, SummaryInput, summary


@dataclass(frozen=True, slots=True, eq=False)
class LevelRun:
    """What happened at one level of costs. `equity` is at the close of each bar, `close_ts` when that was.

    `metrics` holds every figure of `karat.stats.METRICS`; `refusals` counts decisions by their first "no" (rule 19);
    `paid_bp` is what fills paid on average, fee, spread and slippage over notional, in basis points; 0 without fills.
    """

    name: str
    policy: Policy
    inputs: Inputs
    record: Record
    trades: Trades
    open_position: OpenPosition | None
    metrics: dict[str, Figure]
    refusals: dict[str, int]
    close_ts: Ints
    paid_bp: float

    @property
    def equity(self) -> Floats:
        return self.record.equity

    @property
    def fills(self) -> dict[str, Any]:
        """Columns of every fill, oldest first: `kernel.records.FILL_INTS` and `FILL_FLOATS`."""
        return self.record.fills


def run_level(
    name: str, candles: Candles, signals: Signals, policy: Policy, instrument: Instrument, extras: Extras | None = None
) -> LevelRun:
    """Run `policy` as it is over `candles` and measure it: signals in, full record and figures out."""
    inputs = prepare(candles, signals, policy, instrument, extras)
    return measured(name, policy, inputs, signals, instrument, candles)


def measured(
    name: str, policy: Policy, inputs: Inputs, signals: Signals, instrument: Instrument, candles: Candles
) -> LevelRun:
    """Run prepared inputs and measure what happened."""
    record = run(inputs)
    trades = trades_of(record, inputs, signals, instrument)
    close_ts = candles.ts + candles.timeframe_ms
    fills = record.fills
    traded = float(notionals(fills, instrument).sum())
    paid = float(fills["fee"].sum() + fills["spread_cost"].sum() + fills["slippage_cost"].sum())
    figures = summary(
        SummaryInput(
            close_ts=close_ts,
            equity=record.equity,
            start=policy.capital,
            start_ts=int(candles.ts[0]),
            position=record.position.astype(np.float64),
            trades=trades.columns(),
            traded_notional=traded,
            session_keys=session_keys(candles, instrument),
        )
    )
    return LevelRun(
        name=name,
        policy=policy,
        inputs=inputs,
        record=record,
        trades=trades,
        open_position=open_position_of(record, inputs),
        metrics=figures,
        refusals=_refusals(record),
        close_ts=close_ts,
        paid_bp=paid / traded * 1e4 if traded > 0.0 else 0.0,
    )


def session_keys(candles: Candles, instrument: Instrument) -> Ints | None:
    """New York date of each bar in days since 1970-01-01, for equities; None for markets that never close."""
    return session_dates(candles.ts) if instrument.kind == Kind.EQUITY else None


def _refusals(record: Record) -> dict[str, int]:
    refused = record.refusals[np.flatnonzero(record.refusals)]
    counts = np.bincount(refused, minlength=len(Refusal))
    return {no.name.lower(): int(counts[no]) for no in Refusal if no != Refusal.NONE and counts[no]}
