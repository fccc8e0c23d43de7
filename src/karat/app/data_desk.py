"""The data desk of this Karat home, with the feeds, streams and bots that it should know of."""

from __future__ import annotations

from collections.abc import Iterator

from karat.app.feeds import declared_sources
from karat.bots.system_clock import SystemClock
from karat.control.data_desk import LakeDesk
from karat.core.ids import MarketId
from karat.ingest.streams.standing import stream_statuses
from karat.journal import journal_is_there, open_journal
from karat.lake.store import open_lake
from karat.ports.journal import JournalReader


def open_desk(journal: JournalReader | None = None) -> LakeDesk:
    """Over the lake under KARAT_HOME. `journal` is one that is open already; without it, the bots are read anew."""

    def needed() -> Iterator[tuple[MarketId, int, str]]:
        if journal is not None:
            yield from _of_bots(journal)
        elif journal_is_there():  # looking must not make one
            opened = open_journal()
            try:
                yield from _of_bots(opened)
            finally:
                opened.close()

    return LakeDesk(open_lake(), SystemClock(), declares=declared_sources, needs=needed, streams=stream_statuses)


def _of_bots(journal: JournalReader) -> Iterator[tuple[MarketId, int, str]]:
    for record in journal.bots():
        yield record.market, record.timeframe_ms, f"bot {record.name}"
