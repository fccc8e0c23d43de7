"""One series on disk: a folder of raw little-endian files, one per column, named by the hash of their content.

    <root>/candles/<venue>/<SYMBOL>/<timeframe>/<hash>/{ts,open,high,low,close,volume}.bin, meta.json
    <root>/mark/...                                    the same
    <root>/funding/<venue>/<SYMBOL>/stamps/<hash>/{ts,rate}.bin, meta.json

A folder never changes once the catalog names it. meta.json repeats what the catalog says, for people and for rescue.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import MarketId, symbol_of, venue_of
from karat.core.model.candles import CANDLE_COLUMNS

KINDS = ("candles", "mark", "funding")
FUNDING_COLUMNS = ("ts", "rate")
_FOLDER_HASH_DIGITS = 16

Columns = dict[str, NDArray[Any]]


def column_names(kind: str) -> tuple[str, ...]:
    return FUNDING_COLUMNS if kind == "funding" else CANDLE_COLUMNS


def _dtype(name: str) -> np.dtype[Any]:
    return np.dtype("<i8") if name == "ts" else np.dtype("<f8")


def content_hash(columns: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 over names and little-endian bytes of the columns, in their order."""
    digest = hashlib.sha256()
    for name, values in columns.items():
        digest.update(f"{name}:{len(values)}\n".encode())
        digest.update(_raw(name, values))
    return digest.hexdigest()


def _raw(name: str, values: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(values, _dtype(name)).data.cast("B")


def series_folder(root: Path, kind: str, market: MarketId, timeframe: str, content: str) -> Path:
    """Where a series lies. Raises InputError `bad_market` for names that would leave the lake."""
    venue, symbol = venue_of(market), symbol_of(market)
    if venue.startswith(".") or symbol.startswith("."):
        raise InputError("bad_market", f"'{market}' begins with a dot.", "Name it like binance_perp:BTCUSDT.")
    return root / kind / venue / symbol / timeframe / content[:_FOLDER_HASH_DIGITS]


def write_columns(folder: Path, columns: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> None:
    """Write a series and force it to the disk. The folder is garbage until the catalog names it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in columns.items():
        _write_durably(folder / f"{name}.bin", _raw(name, values))
    _write_durably(folder / "meta.json", json.dumps(meta, indent=1, sort_keys=True).encode())
    sync_folder(folder)


def open_columns(folder: Path, kind: str, rows: int) -> Columns:
    """Memory-map the columns of a series, read-only.

    Raises FileNotFoundError when a newer version replaced it meanwhile, NeedsOperator `lake_damaged` when a file has
    the wrong length.
    """
    columns: Columns = {}
    for name in column_names(kind):
        path, dtype = folder / f"{name}.bin", _dtype(name)
        size = path.stat().st_size
        if size != rows * dtype.itemsize:
            message = f"{path} has {size} bytes where {rows * dtype.itemsize} belong."
            raise NeedsOperator("lake_damaged", message, "Import that market again with --replace.")
        # A view as plain ndarray: compiled code does not know the memmap subclass. The view keeps the mapping alive.
        columns[name] = np.memmap(path, dtype, mode="r").view(np.ndarray)
    return columns


def sync_folder(folder: Path) -> None:
    """Force a folder's names to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_durably(path: Path, content: bytes) -> None:
    """Replace a file so that a reader, or a crash at any moment, finds the old one or the new one, whole."""
    beside = path.with_name(path.name + ".part")
    _write_durably(beside, content)
    beside.replace(path)
    sync_folder(path.parent)


def _write_durably(path: Path, content: bytes | memoryview) -> None:
    with path.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
