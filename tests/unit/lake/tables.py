"""Tables made by hand for the tests of what leaves the lake."""

from __future__ import annotations

from typing import Any

import numpy as np

from karat.core.model.table import Kind, Schema, Table


def table(**columns: tuple[Kind, Any]) -> Table:
    """A table of columns given as kind and values."""
    dtypes = {"i8": np.int64, "i4": np.int32, "u1": np.uint8, "f8": np.float64, "text": object}
    schema = Schema(tuple((name, kind) for name, (kind, _) in columns.items()))
    return Table(schema, {name: np.array(values, dtypes[kind]) for name, (kind, values) in columns.items()})


def same_to_the_bit(one: Table, other: Table) -> bool:
    """Equal columns, kinds and bytes; minus zero and every NaN are told apart."""
    if one.schema != other.schema or len(one) != len(other):
        return False
    return all(
        one.columns[name].tolist() == other.columns[name].tolist()
        if kind == "text"
        else (one.columns[name].dtype, one.columns[name].tobytes())
        == (other.columns[name].dtype, other.columns[name].tobytes())
        for name, kind in one.schema.columns
    )
