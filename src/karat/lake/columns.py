"""One series on disk: a folder of raw little-endian files that only grow.

    <root>/series/<kind>.<venue>.<SYMBOL>.<variant>.<generation>/
        <column>.bin                      numbers, one after another
        <column>.ends.bin, <column>.utf8.bin   text: cumulative ends (int64) and bytes
        blocks.sha256                     digests of all full blocks (`blocks.py`)
        meta.json                         what it is, for people and for rescue

Rows count once the catalog says so. What lies beyond them was left by a killed writer, and the next one drops it.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.model.table import Kind, Schema, TableName
from karat.lake.damage import DamagedError
from karat.lake.durable import extend, too_short
from karat.lake.names import folder_label
from karat.lake.text import PackedText, pack, unpack

DTYPES: Mapping[Kind, np.dtype[Any]] = {
    "i8": np.dtype("<i8"),
    "i4": np.dtype("<i4"),
    "u1": np.dtype("u1"),
    "f8": np.dtype("<f8"),
}
SERIES, META_NAME = "series", "meta.json"

Packed = dict[str, NDArray[Any] | PackedText]


def packed(schema: Schema, columns: Mapping[str, NDArray[Any]]) -> Packed:
    """Columns as they lie on disk. A kind that could lose part of a value is a programmer's error (TypeError)."""
    return {
        name: pack(columns[name]) if kind == "text" else columns[name].astype(DTYPES[kind], "C", "safe", copy=False)
        for name, kind in schema.columns
    }


def unpacked(columns: Packed) -> dict[str, NDArray[Any]]:
    """The inverse of `packed`; numbers are not copied."""
    return {name: unpack(part) if isinstance(part, PackedText) else part for name, part in columns.items()}


def new_folder(root: Path, name: TableName, generation: str) -> Path:
    """Make the folder of a new generation of a series. Raises InputError `bad_market` or `bad_table_name`."""
    folder = root / SERIES / f"{folder_label(name)}.{generation}"
    folder.mkdir(parents=True)
    return folder


def write_rows(folder: Path, columns: Packed, rows_before: int) -> list[Path]:
    """Write rows after the first `rows_before`. Returns the files, which are still to be forced to the disk."""
    written: list[Path] = []
    for name, part in columns.items():
        if isinstance(part, PackedText):
            before = _text_end(folder, name, rows_before)
            written.append(_extend(folder / f"{name}.ends.bin", rows_before * 8, before + np.cumsum(part.lengths)))
            written.append(_extend(folder / f"{name}.utf8.bin", before, part.content))
        else:
            written.append(_extend(folder / f"{name}.bin", rows_before * part.itemsize, part))
    return written


def write_meta(folder: Path, name: TableName, schema: Schema) -> Path:
    """Say in the folder what it holds."""
    meta = {"kind": name.kind, "owner": name.owner, "variant": name.variant, "columns": dict(schema.columns)}
    path = folder / META_NAME
    extend(path, 0, json.dumps(meta, indent=1).encode())
    return path


def open_rows(folder: Path, schema: Schema, begin: int, end: int) -> Packed:
    """Map rows `begin` to `end` of a series, read-only.

    Raises FileNotFoundError when a newer generation replaced it meanwhile, DamagedError when a file is too
    short or its text has no order.
    """
    return {
        name: _open_text(folder, name, begin, end)
        if kind == "text"
        else open_column(folder / f"{name}.bin", DTYPES[kind], end)[begin:]
        for name, kind in schema.columns
    }


def rows_in(folder: Path, schema: Schema) -> int:
    """How many rows all columns of a folder hold, be they committed or not."""
    sizes = (
        (folder / f"{name}.ends.bin").stat().st_size // 8
        if kind == "text"
        else (folder / f"{name}.bin").stat().st_size // DTYPES[kind].itemsize
        for name, kind in schema.columns
    )
    return min(sizes)


def open_column(path: Path, dtype: np.dtype[Any], rows: int) -> NDArray[Any]:
    """Map the first rows of a file of numbers, read-only.

    Plainly, for numpy's own maps cost five times as much, and a market of eleven timeframes has 66 columns.
    """
    length = rows * dtype.itemsize
    handle = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(handle).st_size
        if size < length:
            raise too_short(path, size, length)
        if rows == 0:  # a map of nothing is refused by the system
            return np.frombuffer(b"", dtype)
        return np.frombuffer(mmap.mmap(handle, length, access=mmap.ACCESS_READ), dtype)
    finally:
        os.close(handle)


def raw(values: NDArray[Any]) -> memoryview:
    """The bytes of an array, copied only when they do not lie together."""
    return np.ascontiguousarray(values).view(np.uint8).data


def _extend(path: Path, committed_bytes: int, values: NDArray[Any]) -> Path:
    extend(path, committed_bytes, raw(values))
    return path


def _text_end(folder: Path, name: str, rows: int) -> int:
    return int(open_column(folder / f"{name}.ends.bin", DTYPES["i8"], rows)[-1]) if rows else 0


def _open_text(folder: Path, name: str, begin: int, end: int) -> PackedText:
    ends = open_column(folder / f"{name}.ends.bin", DTYPES["i8"], end)
    before, after = (int(ends[row - 1]) if row else 0 for row in (begin, end))
    if not 0 <= before <= after:
        raise DamagedError(f"{name}.ends.bin holds what cannot be")
    content = open_column(folder / f"{name}.utf8.bin", DTYPES["u1"], after)
    return PackedText(np.diff(ends[begin:], prepend=before), content[before:])
