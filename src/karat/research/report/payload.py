"""The data inside the page: columns of candles, equity, fills and trades, as `assets/report.js` reads them."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from karat.core.model.instrument import Instrument, Kind
from karat.core.model.reasons import Reason
from karat.kernel.records import NO_LEVEL
from karat.research.report.figures import places_for
from karat.research.report.inputs import ReportInput
from karat.research.report.packing import pack, pack_all

_CANDLES = ("ts", "open", "high", "low", "close", "volume")
_FILLS = (
    "ts", "bar", "side", "lots", "reason", "decision_bar", "position_before", "raw_price", "price", "fee",
    "spread_cost", "slippage_cost", "equity_before", "gain",
)  # fmt: skip
_TRADES = (
    "id", "side", "entry_ts", "exit_ts", "entry_bar", "exit_bar", "bars_held", "quantity", "entry_price", "exit_price",
    "pnl", "fees", "funding", "borrow", "spread", "slippage", "entry_notional", "stop", "take", "risk", "reason",
    "first_fill", "last_fill",
)  # fmt: skip


def quantity_unit(instrument: Instrument) -> str:
    """What quantities of an instrument count."""
    counts_base = instrument.kind != Kind.INVERSE and instrument.contract_size == 1.0
    return instrument.base if counts_base else "contracts"


def payload(report: ReportInput) -> dict[str, Any]:
    """JSON-ready data of the page; columns as `packing.pack` writes them."""
    instrument = report.instrument
    return {
        "run": report.run,
        "main": report.main,
        "timeframe": report.candles.timeframe_ms,
        "capital": report.capital,
        "currency": instrument.settle,
        "lot": instrument.lot,
        "unit": quantity_unit(instrument),
        "places": asdict(places_for(instrument)),
        "reasons": [reason.name.lower() for reason in Reason],
        "candles": pack_all({name: getattr(report.candles, name) for name in _CANDLES}),
        "levels": [{"name": level.name, "equity": pack(level.equity)} for level in report.levels],
        "fills": {**pack_all({name: report.fills[name] for name in _FILLS}), "level": pack(_levels(report))},
        "trades": pack_all({name: getattr(report.trades, name) for name in _TRADES}),
        "position": _position(report),
    }


def _levels(report: ReportInput) -> Any:
    """Price of the stop, take or limit behind each fill, NaN without."""
    ticks = report.fills["level_ticks"]
    return np.where(ticks == NO_LEVEL, math.nan, ticks * report.instrument.tick)


def _position(report: ReportInput) -> dict[str, Any] | None:
    """The open position in the words of a row of the trade table: its exit is the mark at the last close."""
    held = report.open_position
    if held is None:
        return None
    rows = slice(held.first_fill, held.last_fill + 1)
    return {
        "id": held.id,
        "side": held.side,
        "entryTs": held.entry_ts,
        "entryBar": held.entry_bar,
        "exitBar": len(report.candles) - 1,
        "barsHeld": held.bars_held,
        "quantity": held.quantity,
        "entryPrice": held.entry_price,
        "exitPrice": held.mark_price,
        "pnl": held.unrealised + held.realised - held.fees - held.funding - held.borrow,
        "fees": held.fees,
        "funding": held.funding,
        "borrow": held.borrow,
        "spread": float(report.fills["spread_cost"][rows].sum()),
        "slippage": float(report.fills["slippage_cost"][rows].sum()),
        "stop": held.stop,
        "take": held.take,
        "liquidation": held.liquidation,
        "firstFill": held.first_fill,
        "lastFill": held.last_fill,
    }
