"""Order flow at the top of the book: by hand, beside a slow reference, cut anywhere, and on a recorded book."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.bars.tapes import BEGIN_MS

from karat.bars import BookFlow, Quotes, book, book_flow, book_from_bytes, fresh_book
from karat.core.errors import InputError

Row = tuple[int, float, float, float, float]


def _quotes(rows: list[Row]) -> Quotes:
    table = list(zip(*rows, strict=True)) or [()] * 5
    return Quotes(np.array(table[0], np.int64), *(np.array(column, float) for column in table[1:]))


def _told(flow: BookFlow) -> list[tuple[float, ...]]:
    columns = (flow.ts_open, flow.ts_close, flow.updates, flow.flow)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _slow(rows: list[Row], length_ms: int) -> tuple[list[tuple[float, ...]], int, int]:
    """Periods that are complete, late and unusable quotes; plainly."""
    good: list[Row] = []
    late = unusable = 0
    for row in rows:
        finite = all(math.isfinite(number) for number in row)
        if not finite or row[0] < 0 or not 0 < row[1] < row[3] or min(row[2], row[4]) < 0:
            unusable += 1
        elif good and row[0] < good[-1][0]:
            late += 1
        else:
            good.append(row)
    periods: dict[int, list[float]] = {}
    last: dict[int, int] = {}
    for index, (ts, bid, bid_quantity, ask, ask_quantity) in enumerate(good):
        flow = 0.0
        if index > 0:
            _, bid_before, bid_quantity_before, ask_before, ask_quantity_before = good[index - 1]
            flow += bid_quantity * (bid >= bid_before)
            flow -= bid_quantity_before * (bid <= bid_before)
            flow -= ask_quantity * (ask <= ask_before)
            flow += ask_quantity_before * (ask >= ask_before)
        start = ts // length_ms * length_ms
        periods.setdefault(start, []).append(flow)
        last[start] = ts
    table: list[tuple[float, ...]] = []
    for start, flows in list(periods.items())[:-1]:
        total = 0.0
        for flow in flows:
            total += flow
        table.append((start, last[start], len(flows), total))
    return table, late, unusable


def _seeded(seed: int) -> list[Row]:
    draw = Random(seed)
    ts, bid = BEGIN_MS, 1_000
    rows: list[Row] = []
    for _ in range(draw.choice([0, 1, 30, 200])):
        odd = draw.random()
        ts += draw.choice([0, 1, 90, 400, 2_500]) if odd > 0.02 else -1
        bid += draw.choice([0, 0, 0, 1, -1])
        ask = bid + draw.choice([1, 1, 2]) if odd < 0.98 else bid
        rows.append((ts, bid / 10, draw.randint(0, 90) / 1_000, ask / 10, draw.randint(0, 90) / 1_000))
    return rows


def test_each_change_counts_by_hand() -> None:
    begin = (0, 100.0, 5.0, 102.0, 4.0)
    for row, flow in (
        ((1, 100.0, 8.0, 102.0, 4.0), 8 - 5),
        ((1, 101.0, 2.0, 102.0, 4.0), 2),
        ((1, 99.0, 7.0, 102.0, 4.0), -5),
        ((1, 100.0, 5.0, 102.0, 9.0), -(9 - 4)),
        ((1, 100.0, 5.0, 101.0, 3.0), -3),
        ((1, 100.0, 5.0, 103.0, 6.0), 4),
    ):
        end = (1_000, *row[1:])
        _, made = book_flow("1s", fresh_book(), _quotes([begin, row, end]))
        assert _told(made) == [(0, 1, 2, flow)], row


@given(st.integers(0, 2**32), st.lists(st.tuples(st.integers(0, 200), st.booleans()), max_size=8))
def test_wherever_quotes_are_cut_the_flow_is_that_of_the_reference(seed: int, cuts: list[tuple[int, bool]]) -> None:
    rows = _seeded(seed)
    state, told, begin = fresh_book(), [], 0
    for end, killed in [*sorted(cuts), (len(rows), False)]:
        state, flow = book_flow("1s", state, _quotes(rows[begin:end]))
        told += _told(flow)
        begin = max(begin, end)
        state = book_from_bytes(state.to_bytes()) if killed else state
    wanted, late, unusable = _slow(rows, 1_000)
    assert told == wanted
    assert (state.late, state.unusable) == (late, unusable)


def test_a_full_table_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = max((_seeded(seed) for seed in range(8)), key=len)
    _, wanted = book_flow("1s", fresh_book(), _quotes(rows))
    monkeypatch.setattr(book, "_ROOM", 2)
    assert len(wanted.flow) > 2
    assert _told(book_flow("1s", fresh_book(), _quotes(rows))[1]) == _told(wanted)


def test_what_is_no_state_is_refused() -> None:
    raw = fresh_book().to_bytes()
    for given_bytes in (raw[:-1], raw[1:], b"", raw + b"\0"):
        with pytest.raises(InputError) as refused:
            book_from_bytes(given_bytes)
        assert refused.value.code == "bad_state"


def test_a_state_of_another_timeframe_is_refused() -> None:
    state, _ = book_flow("1s", fresh_book(), _quotes(_seeded(1)))
    with pytest.raises(InputError) as refused:
        book_flow("5s", state, _quotes([]))
    assert refused.value.code == "bad_state"


def test_flow_of_a_recorded_book_goes_with_its_price(shared: Path) -> None:
    """What the paper found of shares holds for six minutes of BTCUSDT: flow and change of the middle go together."""
    path = next((shared / "data" / "orderbook" / "binance_perp").glob("*bookticker.parquet"))
    frame = pl.read_parquet(path)[:20_000]
    quotes = Quotes(*(frame[name].to_numpy() for name in ("ts", "bid", "bid_qty", "ask", "ask_qty")))
    state, flow = book_flow("1s", fresh_book(), quotes)
    assert (state.late, state.unusable) == (0, 0)
    assert _told(flow) == _slow([(int(row[0]), *row[1:]) for row in zip(*(frame[name].to_list() for name in (
        "ts", "bid", "bid_qty", "ask", "ask_qty")), strict=True)], 1_000)[0]  # fmt: skip
    middle = (quotes.bid + quotes.ask) / 2
    closes = middle[np.searchsorted(quotes.ts, flow.ts_close, side="right") - 1]
    assert np.corrcoef(np.diff(closes), flow.flow[1:])[0, 1] > 0.5
