"""The path that a batch of a sweep takes: from trade to trade where its policies are plain, else the loop over bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Floats, Ints
from karat.core.model.policy import Policy
from karat.kernel.by_trade.ground import NO_MEMO, Events, Ground, Memo, events_of, ground_of, memo_of, room_for_events
from karat.kernel.by_trade.marking import sheet_of
from karat.kernel.by_trade.plain import are_plain, is_plain_market
from karat.kernel.by_trade.sweep import sweep_codes_by_trade, sweep_rows_by_trade
from karat.kernel.deciding import ENTRY_BITS
from karat.kernel.engine import Inputs
from karat.kernel.records import Signal
from karat.kernel.signals import NOTHING, code_columns, read_only
from karat.kernel.sweep import FIGURES, sweep_codes, sweep_rows
from karat.research.sweep_grid import SweepGrid, places_on

MEMO_BYTES_MAX = 64 * 2**20
_CHANGE_LEVELS = (
    "half_spread", "slippage_base", "slippage_atr", "slippage_volume", "latency", "strict_limit", "stop_mode",
    "take_mode",
)  # fmt: skip
"""Policy fields that move the price of an entry, or the level a value means: none may vary under one memo."""
_NO_FLOATS, _NO_INTS = np.zeros(1), np.zeros(1, np.int64)


@dataclass(frozen=True, slots=True)
class MarketColumns:
    """A market as the kernels read it. `ground` is None where no batch may go from trade to trade."""

    inputs: Inputs
    ground: Ground | None
    days_per_year: float

    @classmethod
    def of(cls, inputs: Inputs, days_per_year: float) -> MarketColumns:
        """The columns of a run's inputs; the signals of these are not read."""
        ground = ground_of(inputs.bars) if is_plain_market(inputs) else None
        return cls(inputs, ground, days_per_year)


@dataclass(frozen=True, slots=True)
class SharedSignals:
    """Packed signals that many policies share, and what has been found out about them."""

    signal: Signal
    events: Events
    memo: Memo

    @classmethod
    def of(cls, signal: Signal, policy: Policy, grid: SweepGrid) -> SharedSignals:
        """`policy` is what the policies of `grid` have in common."""
        return cls(signal, events_of(signal.code), _memo(signal, policy, grid))


def _memo(signal: Signal, policy: Policy, grid: SweepGrid) -> Memo:
    levels = [len(grid.policy.get(name, (None,))) for name in ("stop_value", "take_value")]
    memo_bytes = 4 * sum(levels) * len(signal.code)
    moving = policy.slippage_volume != 0.0 or any(name in grid.policy for name in _CHANGE_LEVELS)
    if moving or memo_bytes > MEMO_BYTES_MAX or grid.policies < 2 * sum(levels):
        return NO_MEMO
    return memo_of(signal.code, *levels)


def figures_of_policies(
    market: MarketColumns, shared: SharedSignals, rows: Floats, grid: SweepGrid, chosen: Ints
) -> Floats:
    """Four figures of each of `rows`, the policies numbered `chosen`, shape (rows, 4)."""
    out = np.empty((len(rows), len(FIGURES)))
    inputs = market.inputs
    if market.ground is not None and are_plain(rows):
        sweep_rows_by_trade(
            rows, inputs.features, inputs.bars, market.ground, shared.signal, shared.events, shared.memo,
            places_on(grid, "stop_value", chosen), places_on(grid, "take_value", chosen),
            sheet_of(len(inputs.bars.close)), market.days_per_year, out,
        )  # fmt: skip
    else:
        sweep_rows(
            rows, inputs.features, inputs.bars, inputs.spans, inputs.detail, shared.signal, _NO_FLOATS, _NO_INTS,
            market.days_per_year, out,
        )  # fmt: skip
    return out


def figures_of_codes(market: MarketColumns, codes: NDArray[np.uint8], confidences: Floats, row: Floats) -> Floats:
    """Four figures of one policy over each row of packed signals, shape (signals, 4)."""
    out = np.empty((len(codes), len(FIGURES)))
    inputs = market.inputs
    if market.ground is not None and are_plain(row[None, :]):
        bars = len(inputs.bars.close)
        sweep_codes_by_trade(
            *read_only((codes, confidences)), row, inputs.features, inputs.bars, market.ground, room_for_events(bars),
            NO_MEMO, sheet_of(bars), market.days_per_year, out,
        )  # fmt: skip
    else:
        columns = read_only((codes, *code_columns(codes, inputs.spans.end, ENTRY_BITS), confidences))
        sweep_codes(
            *columns, row, inputs.features, inputs.bars, inputs.spans, inputs.detail, NOTHING, _NO_FLOATS, _NO_INTS,
            market.days_per_year, out,
        )  # fmt: skip
    return out
