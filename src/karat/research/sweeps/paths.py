"""The path that a batch of a sweep takes: a table of outcomes, from trade to trade, or the loop over bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Floats, Ints
from karat.kernel.by_trade.ground import Events, Ground, events_of, ground_of, room_for_events
from karat.kernel.by_trade.levels import sweep_levels, tile_room
from karat.kernel.by_trade.marking import sheet_of
from karat.kernel.by_trade.outcomes import Outcomes, entry_bars, find_outcomes, is_worth_a_table, room_for_outcomes
from karat.kernel.by_trade.plain import are_plain, is_plain_market, may_share_outcomes
from karat.kernel.by_trade.sweep import sweep_codes_by_trade, sweep_rows_by_trade
from karat.kernel.columns import INDEX
from karat.kernel.deciding import ENTRY_BITS
from karat.kernel.engine import Inputs
from karat.kernel.records import Signal
from karat.kernel.signals import NOTHING, code_columns, read_only
from karat.kernel.sweep import FIGURES, daily_room, sweep_codes, sweep_rows
from karat.research.sweeps.grid import BAR_FIELDS, SweepGrid, places_on

TABLE_BYTES_MAX = 64 * 2**20
_BYTES_A_LEVEL = 13  # of each entry
_LEVELS = ("stop_value", "take_value")
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
    """Packed signals that many policies share, and the table of outcomes where these differ in their levels alone."""

    signal: Signal
    events: Events
    outcomes: Outcomes | None = None

    @classmethod
    def of(cls, signal: Signal, market: MarketColumns, row: Floats, grid: SweepGrid, policies: int) -> SharedSignals:
        """For so many `policies` of `grid`, of which `row` is one."""
        events = events_of(signal.code)
        return cls(signal, events, _outcomes(signal, events, market, row, grid, policies))


def _outcomes(
    signal: Signal, events: Events, market: MarketColumns, row: Floats, grid: SweepGrid, policies: int
) -> Outcomes | None:
    levels = [np.array(grid.policy.get(name, (row[INDEX[name]],)), np.float64) for name in _LEVELS]
    count = sum(len(values) for values in levels)
    if market.ground is None or set(grid.policy) - {*_LEVELS, *BAR_FIELDS} or policies < 2 * count:
        return None
    if not all((values > 0.0).all() for name, values in zip(_LEVELS, levels, strict=True) if name in grid.policy):
        return None
    if not (are_plain(row[None, :]) and may_share_outcomes(row) and is_worth_a_table(signal.code)):
        return None
    bars = entry_bars(signal.code)
    if _BYTES_A_LEVEL * count * len(bars) > TABLE_BYTES_MAX:
        return None
    table = room_for_outcomes(bars, *(len(values) for values in levels))
    inputs = market.inputs
    found = find_outcomes(
        row, *levels, *(INDEX[name] for name in _LEVELS), inputs.features, inputs.bars, market.ground, signal, events,
        table,
    )  # fmt: skip
    return table if found else None


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """Variants that were simulated. `figures` is float64[variants, 4]; `daily` the equity at the end of each day, the
    start first, float64[variants, days + 1], or one cell each where it was not asked for."""

    figures: Floats
    daily: Floats


def simulate_policies(
    market: MarketColumns, shared: SharedSignals, rows: Floats, grid: SweepGrid, chosen: Ints, *, days: bool = False
) -> Simulated:
    """Simulate `rows`, the policies of `grid` numbered `chosen`; `days` asks for the equity at the end of each day."""
    inputs = market.inputs
    out, daily = np.empty((len(rows), len(FIGURES))), daily_room(len(rows), inputs.bars if days else None)
    if market.ground is not None and shared.outcomes is not None:
        sweep_levels(
            rows[0], inputs.features, inputs.bars, market.ground, shared.signal, shared.events, shared.outcomes,
            *(places_on(grid, name, chosen) for name in _LEVELS), tile_room(), market.days_per_year,
            daily, out,
        )  # fmt: skip
    elif market.ground is not None and are_plain(rows):
        sweep_rows_by_trade(
            rows, inputs.features, inputs.bars, market.ground, shared.signal, shared.events,
            sheet_of(len(inputs.bars.close)), market.days_per_year, daily, out,
        )  # fmt: skip
    else:
        sweep_rows(
            rows, inputs.features, inputs.bars, inputs.spans, inputs.detail, shared.signal, _NO_FLOATS, _NO_INTS,
            market.days_per_year, daily, out,
        )  # fmt: skip
    return Simulated(out, daily)


def simulate_codes(
    market: MarketColumns, codes: NDArray[np.uint8], confidences: Floats, row: Floats, *, days: bool = False
) -> Simulated:
    """Simulate one policy over each row of packed signals."""
    inputs = market.inputs
    out, daily = np.empty((len(codes), len(FIGURES))), daily_room(len(codes), inputs.bars if days else None)
    if market.ground is not None and are_plain(row[None, :]):
        bars = len(inputs.bars.close)
        sweep_codes_by_trade(
            *read_only((codes, confidences)), row, inputs.features, inputs.bars, market.ground, room_for_events(bars),
            sheet_of(bars), market.days_per_year, daily, out,
        )  # fmt: skip
    else:
        columns = read_only((codes, *code_columns(codes, inputs.spans.end, ENTRY_BITS), confidences))
        sweep_codes(
            *columns, row, inputs.features, inputs.bars, inputs.spans, inputs.detail, NOTHING, _NO_FLOATS, _NO_INTS,
            market.days_per_year, daily, out,
        )  # fmt: skip
    return Simulated(out, daily)
