"""The cold form gives back every row to the bit, is small where prices lie on a grid, and is refused when damaged."""

from __future__ import annotations

import io

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.lake.tables import same_to_the_bit, table

from karat.core.model.table import Table
from karat.lake.cold import codings_of, read_cold, write_cold


def there_and_back(rows: Table) -> Table:
    return read_cold([write_cold(rows)], rows.schema, len(rows))


def test_prices_on_a_grid_are_kept_as_whole_numbers_and_come_back() -> None:
    prices = table(ts=("i8", [1, 2, 3]), price=("f8", [42135.7, 0.1, 1234567.8]), size=("f8", [1.0, 20.0, 3.0]))
    assert codings_of(write_cold(prices)) == {"ts": "as_is", "price": 1, "size": 0}
    assert same_to_the_bit(there_and_back(prices), prices)


def test_any_reader_of_parquet_sees_the_whole_numbers() -> None:
    content = write_cold(table(ts=("i8", [1, 2]), price=("f8", [100.25, 99.5])))
    assert pl.read_parquet(io.BytesIO(content))["price"].to_list() == [10025, 9950]


@pytest.mark.parametrize(
    ("values", "coding"),
    [
        ([np.pi, np.e], "doubles"),
        ([1.5, np.nan], "doubles"),
        ([-0.0, 1.0], "doubles"),
        ([np.inf, 1.0], "doubles"),
        ([2.0**53, 1.0], "doubles"),
        ([2.0**53 - 1, 1.0], 0),
        ([2.0**31, -(2.0**31)], 0),
        ([1e-12, 1.0], 12),
        ([1e-13, 1.0], "doubles"),
        ([5e-324, 1.0], "doubles"),
    ],
)
def test_how_a_column_of_floats_is_kept(values: list[float], coding: object) -> None:
    rows = table(ts=("i8", range(len(values))), value=("f8", values))
    assert codings_of(write_cold(rows))["value"] == coding
    assert same_to_the_bit(there_and_back(rows), rows)


def test_a_nan_with_other_bits_keeps_them() -> None:
    values = np.array([0x7FF8_0000_0000_0001, 0x7FF8_0000_0000_0000], np.int64).view(np.float64)
    rows = table(ts=("i8", [1, 2]), value=("f8", values))
    assert codings_of(write_cold(rows))["value"] == "bits"
    assert same_to_the_bit(there_and_back(rows), rows)


def test_half_a_surrogate_pair_comes_back() -> None:
    rows = table(ts=("i8", [1, 2]), headline=("text", ["\ud83d broke off", "whole 😀 'quoted'"]))
    assert codings_of(write_cold(rows))["headline"] == "bytes"
    assert same_to_the_bit(there_and_back(rows), rows)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.integers(-(2**31), 2**31 - 1),
            st.integers(0, 255),
            st.floats() | st.decimals(-99999, 99999, places=3).map(float),
            st.text(),
        ),
        max_size=20,
    )
)
def test_any_rows_come_back(rows: list[tuple[int, int, int, float, str]]) -> None:
    ts, small, byte, value, text = map(list, zip(*rows, strict=True)) if rows else ([], [], [], [], [])
    given_rows = table(ts=("i8", ts), small=("i4", small), byte=("u1", byte), value=("f8", value), text=("text", text))
    assert same_to_the_bit(there_and_back(given_rows), given_rows)


def test_parts_are_read_one_after_another() -> None:
    rows = table(ts=("i8", range(1000)), price=("f8", [100 + number / 8 for number in range(1000)]))
    parts = [write_cold(rows[:400]), write_cold(rows[400:401]), write_cold(rows[401:])]
    read = read_cold(parts, rows.schema, 1000)
    assert same_to_the_bit(read, rows)
    assert not read.columns["price"].flags.writeable


def test_the_same_rows_are_the_same_bytes() -> None:
    rows = table(ts=("i8", range(5000)), price=("f8", np.sqrt(np.arange(5000))), text=("text", ["x"] * 5000))
    assert write_cold(rows) == write_cold(rows)


def test_what_is_damaged_is_refused() -> None:
    rows = table(ts=("i8", range(2000)), price=("f8", range(2000)))
    content = write_cold(rows)
    for damaged in (b"", b"PAR1", content[:-1], content[: len(content) // 2], b"nothing of the kind" * 9):
        with pytest.raises(ValueError, match="it is"):
            read_cold([damaged], rows.schema, len(rows))
    with pytest.raises(ValueError, match="2000 rows where 3000"):
        read_cold([content], rows.schema, 3000)
    with pytest.raises(ValueError, match="more than 10"):
        read_cold([content], rows.schema, 10)
    with pytest.raises(ValueError, match="other columns"):
        read_cold([content], table(ts=("i8", []), other=("f8", [])).schema, 2000)


def test_a_parquet_file_of_others_is_refused() -> None:
    out = io.BytesIO()
    pl.DataFrame({"ts": [1, 2]}).write_parquet(out)
    with pytest.raises(ValueError, match="no Parquet file of Karat"):
        read_cold([out.getvalue()], table(ts=("i8", [])).schema, 2)
