"""Inspect the bars of one file: every defect is refused by line, or repaired and recorded where the user accepts it.

The order matters, because each step relies on the ones before:
1. rows with a missing or infinite number, 2. order, 3. duplicates, 4. timeframe, zone and grid, 5. prices and volume,
6. holes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Bools, Candles, Floats, Ints
from karat.core.time import grid_origin_ms, iso, timeframe_text
from karat.ingest.accept import HOLES, accept_hint
from karat.ingest.clockwork import check_timeframe, refuse_wrong_zone
from karat.ingest.table import Table
from karat.lake.quality import find_holes


@dataclass
class Inspection:
    """Rows of one file on their way through the checks. `columns` hold ts and values, `row` where each row stood."""

    table: Table
    accepted: frozenset[str]
    columns: dict[str, NDArray[Any]]
    row: Ints
    repairs: list[str] = field(default_factory=list[str])

    @property
    def ts(self) -> Ints:
        return self.columns["ts"]

    def refuse_or_drop(self, code: str, bad: Bools, reason: str) -> None:
        """Refuse at the first bad row, or drop all bad rows when the defect is accepted."""
        count = int(np.count_nonzero(bad))
        if count == 0:
            return
        first = int(self.row[np.argmax(bad)])
        if code not in self.accepted:
            more = f" (and {count - 1} more)" if count > 1 else ""
            self.table.refuse(code, first, reason + more, accept_hint(code))
        self.repairs.append(f"{count} {code} dropped, first at {self.table.unit} {first + self.table.first_line}")
        self.keep(~bad)

    def keep(self, which: Bools | Ints) -> None:
        """Keep these rows, in this order."""
        self.columns = {name: values[which] for name, values in self.columns.items()}
        self.row = self.row[which]
        if not len(self.row):
            self.table.refuse("empty", -1, "no row is left after the repairs", "Export it again.")


def start(table: Table, accepted: frozenset[str], ts: Ints, there: Bools, values: dict[str, Floats]) -> Inspection:
    """Begin with the rows as they stand; empty rows (blank lines) are passed over."""
    rows = np.arange(len(ts), dtype=np.int64)
    inspection = Inspection(table, accepted, {"ts": ts, **values}, rows)
    blank = ~there & np.logical_and.reduce([np.isnan(column) for column in values.values()])
    if blank.any():
        inspection.keep(~blank)
        there = there[~blank]
    finite = np.logical_and.reduce([np.isfinite(inspection.columns[name]) for name in values])
    inspection.refuse_or_drop("nan", ~(there & finite), "a number is missing, NaN or infinite")
    return inspection


def put_in_order(inspection: Inspection) -> None:
    """Strictly increasing times: sort and keep equal rows once, where accepted."""
    ts = inspection.ts
    back = np.flatnonzero(np.diff(ts) < 0)
    if len(back):
        at = int(back[0]) + 1
        if "unordered" not in inspection.accepted:
            reason = f"{iso(int(ts[at]))} comes after {iso(int(ts[at - 1]))}: times are unordered"
            inspection.table.refuse("unordered", int(inspection.row[at]), reason, accept_hint("unordered"))
        inspection.keep(np.argsort(ts, kind="stable"))
        inspection.repairs.append("rows were unordered and sorted by time")
    _drop_repeats(inspection)


def _drop_repeats(inspection: Inspection) -> None:
    ts = inspection.ts
    again = np.flatnonzero(np.diff(ts) == 0) + 1
    if not len(again):
        return
    differs = np.logical_or.reduce([values[again] != values[again - 1] for values in inspection.columns.values()])
    if differs.any():
        at = int(again[np.argmax(differs)])
        reason = f"duplicate time {iso(int(ts[at]))} with other values than before"
        inspection.table.refuse(
            "duplicate", int(inspection.row[at]), reason, "Decide which row is right, and remove the other."
        )
    repeated = np.zeros(len(ts), np.bool_)
    repeated[again] = True
    inspection.refuse_or_drop("duplicate", repeated, f"duplicate time {iso(int(ts[again[0]]))}")


def inspect_candles(inspection: Inspection, market: MarketId, timeframe_ms: int | None, *, sessions: bool) -> Candles:
    """Candles of a file, defects refused or repaired. `timeframe_ms` None: the usual step between bars.

    Raises DataRefused with the code of the defect.
    """
    put_in_order(inspection)
    table = inspection.table
    timeframe = check_timeframe(table, inspection.ts, timeframe_ms)
    late = (inspection.ts - grid_origin_ms(timeframe)) % timeframe
    if late.any():
        refuse_wrong_zone(table, inspection.ts, late, inspection.row, timeframe)
        first = int(inspection.ts[np.argmax(late != 0)])
        inspection.refuse_or_drop(
            "off_grid", late != 0, f"{iso(first)} is off the {timeframe_text(timeframe)} grid of UTC"
        )
    check_bars(inspection)
    candles = Candles(market, timeframe, **{name: inspection.columns[name] for name in CANDLE_COLUMNS})
    if not sessions:
        refuse_holes(inspection, candles)
    return candles


def check_bars(inspection: Inspection) -> None:
    """Prices positive, low the lowest and high the highest, volume not negative."""
    prices = ("open", "high", "low", "close")
    bad = np.logical_or.reduce([inspection.columns[name] <= 0 for name in prices])
    inspection.refuse_or_drop("bad_price", bad, "a price is zero or negative")
    inspection.refuse_or_drop(
        "high_below_low", inspection.columns["high"] < inspection.columns["low"], "high is below low"
    )
    high, low = inspection.columns["high"], inspection.columns["low"]
    outside = np.logical_or.reduce(
        [(inspection.columns[name] > high) | (inspection.columns[name] < low) for name in ("open", "close")]
    )
    inspection.refuse_or_drop("outside_range", outside, "open or close lies outside low to high")
    inspection.refuse_or_drop("negative_volume", inspection.columns["volume"] < 0, "volume is negative")


def bars_missing(count: int) -> str:
    return "1 bar is missing" if count == 1 else f"{count} bars are missing"


def refuse_holes(inspection: Inspection, candles: Candles) -> None:
    """Missing bars are refused unless accepted; the line named is that of the bar after the hole."""
    holes = find_holes(candles.ts, candles.timeframe_ms)
    if not holes or HOLES in inspection.accepted:
        return
    after = int(np.searchsorted(candles.ts, holes[0].ts))
    bars = sum(hole.bars for hole in holes)
    reason = f"{bars_missing(holes[0].bars)} from {iso(holes[0].ts)}"
    if len(holes) > 1:
        reason += f", {bars} in {len(holes)} holes altogether"
    inspection.table.refuse(HOLES, int(inspection.row[after]), reason, accept_hint(HOLES))
