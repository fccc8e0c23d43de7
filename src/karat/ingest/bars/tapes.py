"""Stored trades as tapes: which there are, their rows in order, and what tells where trades are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from karat.bars import Trades
from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.schemas import SOLD
from karat.core.model.table import Table, TableName
from karat.core.time import DAY_MS
from karat.ingest.bars.cuts import ByNumber, ByPause, ByRecord, Cutter, Missing
from karat.ingest.bars.making import Progress, Stretch
from karat.ingest.streams.tables import STREAMED, gaps_name
from karat.ports.lake import Lake
from karat.ports.stream import StreamKind

COUNTED_SHARE = 0.9  # of the steps from trade to trade that are one: what does not count has hardly any
IMPORTED = ""


@dataclass(frozen=True, slots=True)
class Tape:
    """The trades of a market from one source. `told_by` says in words what tells where trades are missing."""

    name: TableName
    cutter: Cutter
    told_by: str
    first_ts: int
    last_ts: int


def tape_of(lake: Lake, market: MarketId, wanted: str | None, pause_ms: int) -> Tape:
    """The tape `wanted`: "imported", "streamed", or None for the one there is.

    Raises InputError `no_trades`, `tape_unknown` and, where there are two, `which_tape`.
    """
    stored = {
        entry.name.variant: entry for entry in lake.tables() if (entry.name.kind, entry.name.owner) == _of(market)
    }
    if wanted not in (None, "imported", "streamed"):
        raise InputError("tape_unknown", f"There is no tape '{wanted}'.", "Tapes: imported, streamed.")
    variants = [one for one in (IMPORTED, STREAMED) if one in stored]
    if wanted is not None:
        variants = [one for one in variants if (one == STREAMED) == (wanted == "streamed")]
    if not variants:
        hint = f"Import some: karat data import PATH, or stream them: karat data stream {market}."
        raise InputError("no_trades", f"The lake has no {wanted or 'stored'} trades of {market}.", hint)
    if len(variants) > 1:
        message = f"The lake has imported and streamed trades of {market}."
        raise InputError("which_tape", message, "Say which: --tape imported or --tape streamed.")
    entry = stored[variants[0]]
    cutter, told_by = _cutter(lake, entry.name, dict(entry.schema.columns)["trade_id"] != "text", pause_ms)
    return Tape(entry.name, cutter, told_by, entry.first, entry.last)


def stretches(lake: Lake, tape: Tape, begin_ms: int | None = None) -> Iterator[Stretch]:
    """The rows from `begin_ms` on, day by day: the ids of a tape of years would not fit into memory at once."""
    day = (tape.first_ts if begin_ms is None else begin_ms) // DAY_MS * DAY_MS
    while day <= tape.last_ts:
        rows = lake.table(tape.name, day if begin_ms is None else max(day, begin_ms), day + DAY_MS)
        if len(rows):
            yield stretch_of(rows)
        day += DAY_MS


def stretch_of(rows: Table) -> Stretch:
    """Stored trades as the bars take them."""
    taker, ids = rows.columns["taker"], rows.columns["trade_id"]
    side = np.where(taker == SOLD, -1, taker).astype(np.int8)
    numbers = np.zeros(len(rows), np.int64) if ids.dtype.kind == "O" else ids
    return Stretch(Trades(rows.ts, rows.columns["price"], rows.columns["quantity"], side), numbers)


def behind(stretch: Stretch, progress: Progress) -> Stretch | None:
    """What of a stretch that begins at `last_ts` follows the last row taken; None when that row is not in it."""
    ts = stretch.trades.ts
    at = progress.at_last
    if len(ts) < at or ts[at - 1] != progress.last_ts or stretch.numbers[at - 1] != progress.last_number:
        return None
    return stretch[at:]


def recorded_gaps(lake: Lake, market: MarketId, since_ms: int = 0) -> list[Missing]:
    """Gaps that a stream of trades wrote down, of what ended at `since_ms` or later."""
    name = gaps_name(market, StreamKind.TRADES)
    if name not in {entry.name for entry in lake.tables()}:
        return []
    rows = lake.table(name)
    spans = zip(rows.ts.tolist(), rows.columns["end_ts"].tolist(), strict=True)
    return [Missing(begin, end) for begin, end in spans if end >= since_ms]


def _of(market: MarketId) -> tuple[str, str]:
    return StreamKind.TRADES.value, market


def _cutter(lake: Lake, name: TableName, has_numbers: bool, pause_ms: int) -> tuple[Cutter, str]:
    if name.variant == STREAMED and not has_numbers:
        return ByRecord(recorded_gaps(lake, MarketId(name.owner))), "the gaps that the stream wrote down"
    if name.variant == STREAMED or (has_numbers and _count(lake.table(name).columns["trade_id"])):
        return ByNumber(), "the numbers of the trades"
    return ByPause(pause_ms), "pauses, as its trades have no numbers that count"


def _count(ids: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    steps = np.count_nonzero(np.diff(ids) == 1)
    return len(ids) > 1 and bool(ids[0] > 0) and steps >= COUNTED_SHARE * (len(ids) - 1)
