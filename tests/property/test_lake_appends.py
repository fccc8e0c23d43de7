"""However rows are split into appends and changes, a table is the same table under the same hash."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from karat.core.model.table import Kind, Schema, Table, TableName
from karat.lake import blocks
from karat.lake.store import open_lake

NAME = TableName("anything", "source:thing", "x")
BLOCK_ROWS = 8  # so that a few rows fill blocks
VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    "i8": st.integers(-(2**63), 2**63 - 1),
    "i4": st.integers(-(2**31), 2**31 - 1),
    "u1": st.integers(0, 255),
    "f8": st.floats(),
    "text": st.text(st.characters(), max_size=5),
}
DTYPES: dict[Kind, Any] = {"i8": np.int64, "i4": np.int32, "u1": np.uint8, "f8": np.float64, "text": object}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Up to thirty rows of a few columns of any kinds."""
    count = draw(st.integers(1, 30))
    kinds: list[Kind] = draw(st.lists(st.sampled_from(list(VALUES)), max_size=4))
    schema = Schema((("ts", "i8"), *((f"c{at}", kind) for at, kind in enumerate(kinds))))
    columns = {"ts": np.sort(np.array(draw(st.lists(VALUES["i8"], min_size=count, max_size=count)), np.int64))}
    for name, kind in schema.columns[1:]:
        values = np.empty(count, DTYPES[kind])
        values[:] = draw(st.lists(VALUES[kind], min_size=count, max_size=count))
        columns[name] = values
    return Table(schema, columns)


def same(one: Table, other: Table) -> bool:
    """Equal to the bit."""
    return one.schema == other.schema and all(
        one.columns[name].tolist() == other.columns[name].tolist()
        if kind == "text"
        else one.columns[name].tobytes() == other.columns[name].tobytes()
        for name, kind in one.schema.columns
    )


@settings(max_examples=60, deadline=None)
@given(table=tables(), data=st.data())
def test_any_split_gives_the_same_table_and_hash(table: Table, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(table)), max_size=6), label="cuts"))
    parts = [table[begin:end] for begin, end in pairwise([0, *cuts, len(table)])]
    kept = blocks.BLOCK_ROWS
    blocks.BLOCK_ROWS = BLOCK_ROWS
    try:
        with TemporaryDirectory() as folder:
            at_once, lake = open_lake(Path(folder) / "at_once"), open_lake(Path(folder) / "split")
            with at_once.change() as change:
                change.put_table(NAME, table)
            while parts:
                in_this_change = data.draw(st.integers(1, len(parts)), label="pieces in one change")
                with lake.change() as change:
                    for part in parts[:in_this_change]:
                        change.append(NAME, part)
                del parts[:in_this_change]
            assert same(lake.table(NAME), table)
            assert lake.tables()[0].hash == at_once.tables()[0].hash
            with at_once.change() as change:  # a whole that begins with what is there is added to it
                change.put_table(NAME, table)
            assert at_once.tables()[0].hash == lake.tables()[0].hash
    finally:
        blocks.BLOCK_ROWS = kept
