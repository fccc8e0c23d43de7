"""The series that a strategy declares, out of the lake: what backtests, sweeps and the checker hand to a market.

A table is read whole, because what counts at a bar may have been published long before it; the market itself cuts away
what was not available at its last close.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.inputs import Wanted, wanted_input
from karat.core.instruments import instrument_for
from karat.core.model.candles import Series
from karat.core.model.table import Table, TableName
from karat.ports.lake import Lake
from karat.strategies.legs import LEG_CLOSES

FUNDING = "funding"
IMBALANCE = "book_depth.imbalance_5"  # of the five best levels to each side


def declared_series(lake: Lake, market: MarketId, needs: Iterable[str]) -> tuple[Series, ...]:
    """A series for each of `needs` but funding, under the name by which the strategy asks for it.

    Raises InputError `unknown_input` where there is no such series, `input_missing` where the lake has none of it, and
    `second_market` for the closes of a pair's legs, which no single market has.
    """
    wanted = tuple(needs)
    for need in wanted:
        if need in LEG_CLOSES:
            message = f"A strategy that needs {need} trades two markets against each other, and {market} is one."
            hint = 'Run it in a fleet: karat backtest --fleet FILE, with legs = ["...", "..."] in place of market.'
            raise InputError("second_market", message, hint)
    return tuple(_series(lake, market, need) for need in wanted if need != FUNDING)


def has_inputs(lake: Lake, market: MarketId, needs: Iterable[str]) -> bool:
    """Whether the lake has every series of `needs` but funding for that market."""
    stored = {entry.name for entry in lake.tables()}
    wanted = [need for need in needs if need != FUNDING]
    if any(need in LEG_CLOSES for need in wanted):
        return False
    return all(input_table(market, need) in stored for need in wanted)


def input_table(market: MarketId, need: str) -> TableName:
    """The table in which a declared series lies. Raises InputError `unknown_input`."""
    return _name(market, wanted_input(need))


def book_imbalance(lake: Lake, market: MarketId) -> Series | None:
    """How the order book of a market leaned; None where the lake keeps none of it."""
    stored = {entry.name for entry in lake.tables()}
    return _series(lake, market, IMBALANCE) if input_table(market, IMBALANCE) in stored else None


def _series(lake: Lake, market: MarketId, need: str) -> Series:
    wanted = wanted_input(need)
    name = _name(market, wanted)
    if name not in {entry.name for entry in lake.tables()}:
        where = f"{name.kind} of {name.owner}"
        hint = "Import it: karat data import PATH, or fetch it: karat data refresh. See karat data inputs."
        raise InputError("input_missing", f"The lake has no {where}, which '{need}' means for {market}.", hint)
    table = lake.table(name)
    if wanted.column not in table.columns:
        have = ", ".join(column for column, kind in table.schema.columns if kind != "text")
        message = f"{name.kind} of {name.owner} has no column '{wanted.column}'."
        raise InputError("unknown_input", message, f"It has {have}.")
    series = _rows_of(table, wanted).series(wanted.column, need)
    return replace(series, is_deadline=wanted.is_deadline)


def _rows_of(table: Table, wanted: Wanted) -> Table:
    """The rows of the key that is wanted. Raises InputError `input_missing` when there is none."""
    if not wanted.key:
        return table
    keys = table.columns[wanted.input.key]
    rows = np.flatnonzero(keys == wanted.key)
    if not len(rows):
        have = ", ".join(sorted(set(keys.tolist()))[:8])
        message = f"{wanted.input.name} has no row of '{wanted.key}'."
        raise InputError("input_missing", message, f"It has {have}.")
    return Table(table.schema, {name: values[rows] for name, values in table.columns.items()})


def _name(market: MarketId, wanted: Wanted) -> TableName:
    return wanted.input.table(market, instrument_for(market, None).base)
