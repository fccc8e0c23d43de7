"""Run streams of the lying venue on virtual time, and look at what the lake holds afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random

from tests.streams.memory_lake import MemoryLake
from tests.streams.virtual import VirtualClock, run_virtually

from karat.core.ids import MarketId
from karat.ingest.streams.begin import Choices, Order
from karat.ingest.streams.records import StreamRecords
from karat.ingest.streams.run import Place, stream_all
from karat.ingest.streams.status import StreamStatus
from karat.ports.lake import Lake
from karat.ports.stream import Stream, StreamKind

MARKET = MarketId("binance_perp:BTCUSDT")


class UnwrittenRecords(StreamRecords):
    """Hours of virtual time would write thousands of files; test_records.py looks at the true ones."""

    def write(self, statuses: Iterable[StreamStatus], now_ms: int) -> None:
        return


async def inline(work: Callable[[], None]) -> None:
    work()


def watch(
    venue: Stream,
    lake: MemoryLake | Lake,
    folder: Path,
    until_ms: int,
    kinds: Sequence[StreamKind] = (StreamKind.TRADES,),
    *,
    kill: bool = False,
    begin_ms: int | None = None,
    choices: Choices | None = None,
) -> list[StreamStatus]:
    """Stream from `begin_ms` until `until_ms`, then stop; or be killed: then nothing more reaches the lake."""

    async def run() -> list[StreamStatus]:
        clock, stop = VirtualClock(), asyncio.Event()
        if begin_ms is not None:
            await clock.until(begin_ms)
        place = Place(
            lake=lake,  # type: ignore[arg-type]
            clock=clock,
            records=UnwrittenRecords(folder),
            told=lambda statuses: None,
            in_thread=inline,
            dice=Random(5),
            choices=choices or Choices(),
        )
        orders = [Order(MARKET, kind) for kind in kinds]
        work = asyncio.create_task(stream_all(orders, lambda name: venue, place, stop))
        await asyncio.wait({work, asyncio.create_task(clock.until(until_ms))}, return_when=asyncio.FIRST_COMPLETED)
        if kill:
            lake.killed = True  # type: ignore[union-attr]
        stop.set()
        try:
            return await work
        finally:
            if kill:
                lake.killed = False  # type: ignore[union-attr]

    return run_virtually(run())
