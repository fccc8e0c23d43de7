"""Run streams until told to stop: one supervisor each, one writer, one status record each.

A stream that the venue refuses stops by itself and says why; the others go on. When the lake cannot be written at all,
everything stops. At the end, whatever was released is in the lake.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from karat.core.errors import InputError
from karat.core.ids import MarketId, venue_of
from karat.ingest.bars.live import LiveBars
from karat.ingest.depth import LiveDepth
from karat.ingest.streams.begin import Choices, Order, checked, desk_for, handler_for
from karat.ingest.streams.desk import Desk
from karat.ingest.streams.outbox import Batch
from karat.ingest.streams.records import StreamRecords
from karat.ingest.streams.status import StreamStatus
from karat.ingest.streams.supervisor import Supervisor
from karat.ingest.streams.writer import InThread, Writer
from karat.ports.clock import Clock
from karat.ports.lake import Lake
from karat.ports.stream import Stream, StreamKind

REPORT_SECONDS = 2.0
Bars = Mapping[MarketId, LiveBars]


@dataclass(frozen=True, slots=True)
class Place:
    """Where streams run. `told` is given every status, every other second, for people who watch."""

    lake: Lake
    clock: Clock
    records: StreamRecords
    told: Callable[[Sequence[StreamStatus]], None]
    in_thread: InThread = asyncio.to_thread
    dice: Random = field(default_factory=Random)
    choices: Choices = Choices()


async def stream_all(
    orders: Sequence[Order], open_stream: Callable[[str], Stream], place: Place, stop: asyncio.Event
) -> list[StreamStatus]:
    """Stream until `stop` is set, or every stream was refused. Returns how each stood.

    Raises InputError `venue_unknown`, `symbol_unknown`, `kind_not_streamed`, `stream_runs_already` before anything has
    begun; RetryLater when the last rows could not be stored.
    """
    streams: dict[str, Stream] = {}
    try:
        for order in orders:
            venue = venue_of(order.market)
            streams[venue] = streams.get(venue) or open_stream(venue)
            await checked(order, streams[venue])
            place.records.claim(order.market, order.kind)
        return await _run([(order, streams[venue_of(order.market)]) for order in orders], place, stop)
    finally:
        for stream in streams.values():
            await stream.close()
        place.records.close()


async def _run(orders: Sequence[tuple[Order, Stream]], place: Place, stop: asyncio.Event) -> list[StreamStatus]:
    sources = {order.market: stream.source for order, stream in orders}
    bars = {
        order.market: LiveBars(
            place.lake,
            order.market,
            place.choices.bars[order.market],
            place.records.folder,
            counted=stream.counts_trades,
        )
        for order, stream in orders
        if order.kind is StreamKind.TRADES and order.market in place.choices.bars
    }
    for one in bars.values():
        await place.in_thread(one.begin)
    depths = [LiveDepth(place.lake, order.market) for order, _ in orders if order.kind is StreamKind.BOOK]
    followers = (*bars.values(), *depths)
    writer = Writer(place.lake, place.clock, place.in_thread, lambda batch: _source(sources, batch), followers)
    desks = [
        desk_for(order, stream, place.clock, writer.outbox(), place.choices, place.lake) for order, stream in orders
    ]
    runs = [
        asyncio.create_task(
            Supervisor(desk, handler_for(desk, place.choices, place.lake, place.dice), place.dice).run()
        )
        for desk in desks
    ]
    helpers = [asyncio.create_task(work) for work in (writer.run(), _report(desks, bars, writer, place))]
    try:
        await _until_over(runs, helpers, stop)
    finally:
        for task in (*runs, *helpers):
            task.cancel()
        await asyncio.gather(*runs, *helpers, return_exceptions=True)
        await writer.finish()
        await _tell(desks, bars, writer, place)
    return [desk.status for desk in desks]


async def _until_over(
    runs: Sequence[asyncio.Task[None]], helpers: Sequence[asyncio.Task[None]], stop: asyncio.Event
) -> None:
    """Until told to stop, until every stream has ended, or until something failed, which raises."""
    told = asyncio.create_task(stop.wait())
    try:
        left = set(runs)
        while left and not told.done():
            done, _ = await asyncio.wait({told, *left, *helpers}, return_when=asyncio.FIRST_COMPLETED)
            left -= done
            for task in done - {told}:
                if not isinstance(task.exception(), InputError):  # of a stream: the venue refused it, it says why
                    task.result()
    finally:
        told.cancel()


async def _report(desks: Sequence[Desk], bars: Bars, writer: Writer, place: Place) -> None:
    while True:
        await _tell(desks, bars, writer, place)
        await place.clock.sleep(REPORT_SECONDS)


async def _tell(desks: Sequence[Desk], bars: Bars, writer: Writer, place: Place) -> None:
    for desk in desks:
        desk.note_life()
        desk.status.pauses, desk.status.waiting_rows = desk.outbox.waits, desk.outbox.rows
        desk.status.storage = writer.trouble
        made = bars.get(desk.market) if desk.kind is StreamKind.TRADES else None
        if made is not None:
            desk.status.bars, desk.status.cut_bars, desk.status.unlike = made.stored, made.cut, made.differing
            desk.status.bar_trouble = made.trouble
    statuses, now_ms = [desk.status for desk in desks], place.clock.now_ms()
    place.told(statuses)
    with suppress(OSError):  # a full disk is for the writer to tell: streams go on
        await place.in_thread(lambda: place.records.write(statuses, now_ms))


def _source(sources: dict[str, str], batch: Batch) -> str:
    return sources[batch.name.owner]
