"""The parts that carry rows: waits, outbox, writer, records."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.streams.memory_lake import MemoryLake
from tests.streams.venue import playing, tape
from tests.streams.virtual import START_MS, VirtualClock, run_virtually
from tests.streams.watching import MARKET, inline, watch

from karat.core.errors import InputError, RetryLater
from karat.core.model.table import TableName
from karat.ingest.streams.counted import Counted
from karat.ingest.streams.outbox import Outbox
from karat.ingest.streams.pace import LONGEST_SECONDS, wait_seconds
from karat.ingest.streams.records import StreamRecords
from karat.ingest.streams.tables import LIQUIDATIONS
from karat.ingest.streams.writer import Writer
from karat.lake.store import open_lake
from karat.ports.stream import StreamKind

NAME = TableName("liquidations", MARKET)


def row(ts: int) -> tuple[int, float, float, int]:
    return (ts, 1.0, 1.0, 1)


@given(failures=st.integers(1, 1000), seed=st.integers())
def test_waits_grow_to_a_minute_and_keep_half_for_chance(failures: int, seed: int) -> None:
    whole = min(2.0 ** (failures - 1), LONGEST_SECONDS) if failures < 20 else LONGEST_SECONDS
    assert whole / 2 <= wait_seconds(failures, Random(seed)) <= whole


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 7))
def test_counted_items_come_out_once_in_order_and_without_holes(numbers: list[int], size: int) -> None:
    counted, out = Counted[int](lambda number: number, -1), []
    for begin in range(0, len(numbers), size):
        out += counted.offer(numbers[begin : begin + size])
    whole = next((number for number in range(100) if number not in numbers), 100)
    assert out == list(range(whole))
    missing = counted.missing
    if missing is not None:
        assert missing.first == whole and not set(range(missing.first, missing.last + 1)) & set(numbers)
        assert counted.give_up()[1][0] == missing.last + 1
    assert counted.duplicates == len(numbers) - len(set(numbers))


def test_a_full_outbox_makes_the_stream_wait_until_rows_are_written() -> None:
    async def run() -> None:
        outbox = Outbox(rows_max=10)
        outbox.add(NAME, LIQUIDATIONS, [row(1)] * 12)
        waiting = asyncio.create_task(outbox.room())
        await asyncio.sleep(1)
        assert outbox.waiting and not waiting.done()
        outbox.take()
        await asyncio.sleep(1)
        assert not waiting.done(), "taken is not written"
        outbox.written()
        await waiting
        assert (outbox.waits, outbox.waiting, outbox.rows) == (1, False, 0)

    run_virtually(run())


def test_a_flush_that_is_cancelled_is_neither_lost_nor_written_twice() -> None:
    async def run() -> None:
        lake, gate = MemoryLake(), asyncio.Event()

        async def slow(work: object) -> None:
            await gate.wait()
            work()  # type: ignore[operator]

        writer = Writer(lake, VirtualClock(), slow, lambda batch: "a test")  # type: ignore[arg-type]
        outbox = writer.outbox()
        outbox.add(NAME, LIQUIDATIONS, [row(1)])
        flushing = asyncio.create_task(writer.flush())
        await asyncio.sleep(1)
        flushing.cancel()
        await asyncio.gather(flushing, return_exceptions=True)
        outbox.add(NAME, LIQUIDATIONS, [row(2)])
        gate.set()
        await writer.finish()
        assert [one[0] for one in lake.rows(NAME)] == [1, 2]

    run_virtually(run())


def test_a_damaged_table_takes_nothing_and_the_others_are_stored(tmp_path: Path) -> None:
    async def run() -> None:
        other = TableName("liquidations", "binance_perp:ETHUSDT")
        healthy = Writer(open_lake(tmp_path), VirtualClock(), inline, lambda batch: "a test")
        for name in (NAME, other):
            healthy.outbox().add(name, LIQUIDATIONS, [row(1)])
        await healthy.finish()
        folder = next((tmp_path / "lake" / "series").glob("liquidations.*BTC*"))
        (folder / "price.bin").unlink()
        writer = Writer(open_lake(tmp_path), VirtualClock(), inline, lambda batch: "a test")
        for name in (NAME, other):
            writer.outbox().add(name, LIQUIDATIONS, [row(2)])
        await writer.finish()
        assert "quarantine" in writer.trouble
        assert open_lake(tmp_path).table(other).ts.tolist() == [1, 2]

    run_virtually(run())


def test_a_lake_that_stays_busy_to_the_end_says_how_many_rows_wait() -> None:
    async def run() -> None:
        lake = MemoryLake()
        lake.busy = 1000
        writer = Writer(lake, VirtualClock(), inline, lambda batch: "a test")  # type: ignore[arg-type]
        writer.outbox().add(NAME, LIQUIDATIONS, [row(1), row(2)])
        with pytest.raises(RetryLater, match="2 rows") as raised:
            await writer.finish()
        assert raised.value.code == "lake_busy"

    run_virtually(run())


def test_a_stream_runs_once(tmp_path: Path) -> None:
    first, second = StreamRecords(tmp_path), StreamRecords(tmp_path)
    first.claim(MARKET, StreamKind.TRADES)
    with pytest.raises(InputError, match="another process") as raised:
        second.claim(MARKET, StreamKind.TRADES)
    assert raised.value.code == "stream_runs_already"
    first.close()
    second.close()
    second.claim(MARKET, StreamKind.TRADES)
    second.close()


def test_nothing_begins_when_a_stream_cannot(tmp_path: Path) -> None:
    venue, lake = playing(tape(10, START_MS, seed=1)), MemoryLake()
    venue.kinds = (StreamKind.TRADES,)
    with pytest.raises(InputError, match="streams no book") as raised:
        watch(venue, lake, tmp_path, START_MS + 1000, [StreamKind.TRADES, StreamKind.BOOK])
    assert raised.value.code == "kind_not_streamed"
    assert (venue.connections, lake.tables()) == (0, ())
