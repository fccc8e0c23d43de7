"""Books: the rules by hand, the recorded book of Binance, and what a broken chain leads to."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.streams.memory_lake import MemoryLake
from tests.streams.recorded import recorded_events, recorded_quotes
from tests.streams.venue import LyingVenue, Plan
from tests.streams.virtual import START_MS
from tests.streams.watching import MARKET, watch

from karat.core.model.table import TableName
from karat.ingest.streams.order_book import OrderBook, Verdict
from karat.ports.stream import BookChange, BookLink, Event, StreamKind, WholeBook

BOOK = TableName("book", MARKET, "top20_1s")
GAPS = TableName("gaps", MARKET, "book")
WHOLE = WholeBook(START_MS, 100, ((10.0, 1.0),), ((11.0, 1.0),))


@cache
def recording(shared: Path) -> tuple[Event, ...]:
    return tuple(recorded_events(shared))


def change(first: int, last: int, before: int = -1) -> BookChange:
    return BookChange(START_MS, first, last, before, (), ())


@pytest.mark.parametrize(
    ("link", "story"),
    [
        (
            BookLink.PREVIOUS,
            [
                (change(90, 99, 89), Verdict.OLD),
                (change(101, 105, 99), Verdict.BROKEN),  # it does not hold the book's number
                (change(95, 105, 94), Verdict.FOLLOWS),
                (change(95, 105, 94), Verdict.OLD),
                (change(106, 109, 104), Verdict.BROKEN),
                (change(107, 109, 105), Verdict.FOLLOWS),
            ],
        ),
        (
            BookLink.ADJACENT,
            [
                (change(90, 100), Verdict.OLD),
                (change(102, 105), Verdict.BROKEN),
                (change(99, 105), Verdict.FOLLOWS),
                (change(107, 109), Verdict.BROKEN),
                (change(106, 109), Verdict.FOLLOWS),
            ],
        ),
    ],
    ids=["previous", "adjacent"],
)
def test_changes_are_judged_as_the_venue_links_them(link: BookLink, story: list[tuple[BookChange, Verdict]]) -> None:
    book = OrderBook(link)
    book.begin(WHOLE)
    for one, verdict in story:
        assert book.judge(one) is verdict
        if verdict is Verdict.FOLLOWS:
            book.lay(one)


def test_the_recorded_book_has_the_recorded_best_prices_at_every_change(shared: Path) -> None:
    """Price and quantity on both sides, against the last best bid and ask whose update is in the book."""
    quotes = recorded_quotes(shared)
    ids, best = quotes["update_id"].to_list(), list(quotes.select("bid", "bid_qty", "ask", "ask_qty").iter_rows())
    book, verdicts = OrderBook(BookLink.PREVIOUS), Counter[Verdict]()
    book.begin(next(event for event in recording(shared) if isinstance(event, WholeBook)))
    for event in recording(shared):
        if isinstance(event, BookChange):
            verdicts[book.judge(event)] += 1
            if book.judge(event) is Verdict.FOLLOWS:
                book.lay(event)
                (bid,), (ask,) = book.top(1)
                assert (*bid, *ask) == best[bisect_right(ids, event.last) - 1]
    assert verdicts == {Verdict.FOLLOWS: 6547, Verdict.OLD: 4}


def replayed(shared: Path, **faults: Any) -> LyingVenue:
    """The recording, begun at START_MS; its whole book is what REST gives."""
    events = recording(shared)
    shift = START_MS + 1000 - min(event.ts for event in events)
    changes = [event._replace(ts=event.ts + shift) for event in events if isinstance(event, BookChange)]
    books = [event._replace(ts=event.ts + shift) for event in events if isinstance(event, WholeBook)]
    return LyingVenue([(event.ts, event) for event in changes], books=books, **faults)


def rows_of(lake: MemoryLake) -> list[tuple[Any, ...]]:
    return lake.rows(BOOK)


def test_the_recording_is_sampled_every_second_with_twenty_levels(shared: Path, tmp_path: Path) -> None:
    lake, venue = MemoryLake(), replayed(shared)
    end_ms = venue.messages[-1][0]
    [status] = watch(venue, lake, tmp_path, end_ms + 1000, [StreamKind.BOOK])
    rows = rows_of(lake)
    times = [row[0] for row in rows]
    assert times == list(range(times[0], times[-1] + 1, 1000))
    assert len(rows) > 340
    assert (status.rebuilds, status.gaps, lake.rows(GAPS)) == (0, 0, [])
    changes = [event for _, event in venue.messages if isinstance(event, BookChange)]
    quotes = recorded_quotes(shared)
    ids, best = quotes["update_id"].to_list(), list(quotes.select("bid", "bid_qty", "ask", "ask_qty").iter_rows())
    for row in rows:
        before = [one.last for one in changes if one.ts < row[0]]
        assert row[1] == max(before[-1], venue.books[0].number)
        assert row[2:6] == best[bisect_right(ids, row[1]) - 1]
        bids, asks = row[2::4], row[4::4]
        assert list(bids) == sorted(bids, reverse=True) and list(asks) == sorted(asks)
        assert len(bids) == len(asks) == 20


def chain(count: int, broken_at: int = -1) -> LyingVenue:
    """Ten changes a second, each one update; REST gives a whole book for every one of them."""
    changes, books = [], []
    for k in range(count):
        ts, number = START_MS + 1000 + 100 * k, 1000 + k
        bids = ((100.0 + number / 1000, 1.0),)
        books.append(WholeBook(ts, number, bids, ((200.0, 1.0),)))
        if k != broken_at:
            changes.append((ts, BookChange(ts, number, number, number - 1, bids, ())))
    return LyingVenue(changes, books=books)


def test_a_missing_change_leaves_a_gap_and_a_new_book(tmp_path: Path) -> None:
    lake, venue = MemoryLake(), chain(600, broken_at=300)
    [status] = watch(venue, lake, tmp_path, START_MS + 60_000, [StreamKind.BOOK])
    [gap] = lake.rows(GAPS)
    assert gap[0] == START_MS + 1000 + 100 * 299 and gap[6] == "chain_broken"
    assert (status.rebuilds, status.gaps) == (1, 1)
    for row in rows_of(lake):
        assert row[2] == 100.0 + row[1] / 1000
        assert row[1] == 1000 + (row[0] - START_MS - 1000) // 100 - (row[0] - START_MS) % 100 // 100 - 1
        assert not gap[0] < row[0] <= gap[2]


@pytest.mark.parametrize("half_open", [False, True], ids=["dropped", "half open"])
def test_a_lost_connection_leaves_a_gap_and_a_new_book(half_open: bool, tmp_path: Path) -> None:
    lake, venue = MemoryLake(), chain(1200)
    venue.plans = (Plan(seconds=20, half_open=half_open), Plan())
    [status] = watch(venue, lake, tmp_path, START_MS + 120_000, [StreamKind.BOOK])
    [gap] = lake.rows(GAPS)
    assert gap[6] == "disconnected"
    assert gap[2] - gap[0] < (40_000 if half_open else 5_000)
    assert (status.reconnects, status.rows) == (1, len(rows_of(lake)))
    assert [row for row in rows_of(lake) if gap[0] < row[0] <= gap[2]] == []


def test_a_book_over_rest_that_lags_is_asked_for_again(tmp_path: Path) -> None:
    lake, venue = MemoryLake(), chain(300)
    venue.rest_lag_ms = 900
    watch(venue, lake, tmp_path, START_MS + 40_000, [StreamKind.BOOK])
    assert len(rows_of(lake)) > 20


def test_whole_books_are_sampled_as_they_come(tmp_path: Path) -> None:
    books = chain(300).books
    venue = LyingVenue([(book.ts, book) for book in books], book_link=BookLink.WHOLE)
    lake = MemoryLake()
    watch(venue, lake, tmp_path, START_MS + 40_000, [StreamKind.BOOK])
    assert [row[1] for row in rows_of(lake)] == list(range(1009, 1299, 10))
