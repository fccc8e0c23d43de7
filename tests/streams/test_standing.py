"""Stream records as whoever asks for freshness reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.streams.virtual import START_MS
from tests.streams.watching import MARKET

from karat.ingest.streams.records import StreamRecords, streams_folder
from karat.ingest.streams.standing import stream_statuses
from karat.ingest.streams.status import State, StreamStatus
from karat.ports.data_desk import Freshness
from karat.ports.stream import StreamKind

MINUTE = 60_000


def written(home: Path, **facts: object) -> None:
    """A record of trades as a run leaves it at START_MS."""
    records = StreamRecords(streams_folder(home))
    records.claim(MARKET, StreamKind.TRADES)
    status = StreamStatus(MARKET, StreamKind.TRADES, **{"state": State.LIVE, "heard_ms": START_MS, **facts})  # type: ignore[arg-type]
    records.write([status], START_MS)
    records.close()


@pytest.mark.parametrize(
    ("facts", "later_ms", "state", "freshness", "running"),
    [
        ({}, 2_000, "live", Freshness.FRESH, True),
        ({}, MINUTE, "died", Freshness.FRESH, False),
        ({}, 3 * MINUTE, "died", Freshness.LATE, False),
        ({}, 60 * MINUTE, "died", Freshness.STALE, False),
        ({"state": State.STOPPED}, 60 * MINUTE, "stopped", Freshness.STALE, False),
        ({"state": State.STOPPED, "refused": True}, 1_000, "stopped", Freshness.STALE, False),
        ({"state": State.CONNECTING, "heard_ms": 0}, 1_000, "connecting", Freshness.UNKNOWN, True),
        ({"state": State.DOWN, "heard_ms": 1, "alive_ms": START_MS}, 1_000, "down", Freshness.FRESH, True),
    ],
)
def test_a_record_tells_whether_its_stream_runs_and_how_old_its_data_is(
    tmp_path: Path, facts: dict[str, object], later_ms: int, state: str, freshness: Freshness, running: bool
) -> None:
    written(tmp_path, rows=7, gaps=1, trouble="it broke", **facts)
    [found] = stream_statuses(START_MS + later_ms, tmp_path)
    assert (found.state, found.freshness, found.running) == (state, freshness, running)
    assert (found.market, found.kind, found.rows, found.gaps, found.trouble) == (MARKET, "trades", 7, 1, "it broke")


def test_a_damaged_record_is_named_and_hides_no_other(tmp_path: Path) -> None:
    written(tmp_path)
    (streams_folder(tmp_path) / f"{MARKET}.book.json").write_text("{", "utf-8")
    book, trades = stream_statuses(START_MS + 1_000, tmp_path)
    assert (book.market, book.kind, book.state, book.freshness) == (MARKET, "book", "unreadable", Freshness.UNKNOWN)
    assert "book.json" in book.trouble and trades.freshness is Freshness.FRESH


def test_where_nothing_was_ever_streamed_there_is_nothing(tmp_path: Path) -> None:
    assert stream_statuses(START_MS, tmp_path) == ()
