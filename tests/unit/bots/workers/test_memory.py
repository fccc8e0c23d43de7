"""Columns that a worker reads: equal to the history's at any growth, and out of its reach to write."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karat.bots.workers.memory import CANDLES, CELL_BYTES, SERIES, Segment, Table, columns_of


def mapped(segment: Segment) -> list[list[float]]:
    size = len(segment.kinds) * segment.capacity * CELL_BYTES
    memory = mmap.mmap(segment.descriptor, size, prot=mmap.PROT_READ)
    return [column.tolist() for column in columns_of(memory, segment.kinds, segment.capacity)]


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=4).map(sorted))
def test_a_reader_sees_what_was_put_however_it_grew(steps: list[int]) -> None:
    stamps, values = np.arange(3_000) * 3_600_000, np.sqrt(np.arange(3_000))
    table = Table(SERIES)
    for rows in steps:
        table.bring_up_to(rows, (stamps, stamps + 1, values))
    seen = mapped(table.segment)
    given = (stamps, stamps + 1, values)
    assert [column[: table.rows] for column in seen] == [column[: steps[-1]].tolist() for column in given]


def test_it_grows_by_doubling_and_an_old_reader_keeps_what_it_saw() -> None:
    table = Table(SERIES)
    numbers = np.arange(5_000)
    table.bring_up_to(1_024, (numbers, numbers, numbers))
    old = table.segment
    table.bring_up_to(1_025, (numbers, numbers, numbers))
    assert (table.generation, table.segment.capacity) == (1, 2_048)
    assert mapped(old)[2] == list(range(1_024))
    table.bring_up_to(5_000, (numbers, numbers, numbers))
    assert (table.generation, table.segment.capacity) == (2, 5_000)


def test_a_mapping_to_read_cannot_be_written_nor_unlocked() -> None:
    segment = Segment(CANDLES, 16)
    memory = mmap.mmap(segment.descriptor, 6 * 16 * CELL_BYTES, prot=mmap.PROT_READ)
    column = columns_of(memory, segment.kinds, 16)[4]
    with pytest.raises(ValueError, match="read-only"):
        column[0] = 1.0
    with pytest.raises(ValueError, match="WRITEABLE"):
        column.flags.writeable = True


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="seals are Linux's")
def test_no_process_gets_a_writable_mapping_of_what_the_parent_has_sealed() -> None:
    segment = Segment(CANDLES, 16)
    with pytest.raises(PermissionError):
        mmap.mmap(segment.descriptor, 6 * 16 * CELL_BYTES)
    segment.columns[4][3] = 7.0
    assert mapped(segment)[4][3] == 7.0
