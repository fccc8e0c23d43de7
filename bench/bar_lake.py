"""Bars from the trades of a lake into the lake: a stored tape, and batches of a stream, in CPU seconds."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from bench.bars import BATCH_LEAST, KINDS, STREAM_LEAST, tape_of
from bench.clocks import best_process_cpu, resident_mb
from bench.rows import Row
from karat.bars import Trades, build, fresh_state
from karat.core.ids import market_id
from karat.core.model.schemas import TRADES
from karat.core.model.table import Table, TableName
from karat.core.time import DAY_MS
from karat.ingest.bars.batch import BarChoices, build_stored
from karat.ingest.bars.live import BarsWanted, LiveBars
from karat.ingest.streams.outbox import Batch
from karat.ingest.streams.tables import COUNTED_TRADES, table_name
from karat.lake.store import open_lake
from karat.ports.stream import StreamKind

MARKET = market_id("binance_perp:BTCUSDT")
SLOWER = 10  # the recorded five minutes are busy: told so slowly the tape covers days, as tapes of this length do
BATCH_ROWS = 50_000  # what an outbox holds at most


def bar_lake(quick: bool) -> list[Row]:
    """Trades per second out of a stored tape of many days, the memory it holds, and of batches as a stream has them."""
    tape, name = tape_of(1_000_000 if quick else 5_000_000)
    tape = Trades(tape.ts[0] + SLOWER * (tape.ts - tape.ts[0]), tape.price, tape.quantity, tape.side)
    build(KINDS, fresh_state(KINDS), tape[:1000])  # compiled before any clock runs
    return [*_stored(tape, name), _live(tape[: 500_000 if quick else 2_000_000], name)]


def _stored(tape: Trades, name: str) -> list[Row]:
    days = int((tape.ts[-1] - tape.ts[0]) // DAY_MS) + 1
    told = f"{len(tape):,} trades of {days} days, {name}; written to the lake"
    rows: list[Row] = []
    for what, specs, target in (("one kind", KINDS[1:2], BATCH_LEAST), ("all seven kinds", KINDS, None)):
        held: list[float] = []
        with tempfile.TemporaryDirectory() as folder:
            lake = open_lake(Path(folder))
            with lake.change() as change:
                change.append(TableName("trades", MARKET), _table(tape))
            build = partial(
                build_stored, lake, MARKET, specs, BarChoices(), lambda _, to=held: to.append(resident_mb())
            )
            seconds = best_process_cpu(build, 1)
        half = max(1, len(held) // 2)
        beside = (("most held in the first half of the days, MB", max(held[:half])), ("in the rest", max(held[half:])))
        speed = len(tape) / seconds
        rows.append(
            Row(f"bars of a stored tape, {what}", speed, "trades/s", target, at_most=False, beside=beside, note=told)
        )
    return rows


def _live(tape: Trades, name: str) -> Row:
    rows = list(zip(*(column.tolist() for column in _columns(tape).values()), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        lake = open_lake(Path(folder))
        live = LiveBars(lake, MARKET, BarsWanted(KINDS), Path(folder), counted=True)
        trades = table_name(MARKET, StreamKind.TRADES)

        def run() -> None:
            for begin in range(0, len(rows), BATCH_ROWS):
                with lake.change() as change:
                    live.write(change, [Batch(trades, COUNTED_TRADES, rows[begin : begin + BATCH_ROWS])])
                live.written()

        seconds = best_process_cpu(run, 1)
    note = f"{len(rows):,} trades in batches of {BATCH_ROWS:,}, {name}; the seven kinds, a change of the lake each"
    return Row("bars of a stream", len(rows) / seconds, "trades/s", STREAM_LEAST, at_most=False, note=note)


def _table(tape: Trades) -> Table:
    return Table(TRADES, _columns(tape))


def _columns(tape: Trades) -> dict[str, np.ndarray[tuple[int], np.dtype[np.generic]]]:
    """As the lake has them."""
    return {
        "ts": tape.ts,
        "trade_id": np.arange(1, len(tape) + 1),
        "price": tape.price,
        "quantity": tape.quantity,
        "taker": np.where(tape.side > 0, 1, 2).astype(np.uint8),
    }
