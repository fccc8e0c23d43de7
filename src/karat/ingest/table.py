"""Read one file into named columns. Text columns stay text here; what they mean is decided later, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from karat.core.errors import DataRefused
from karat.ingest.delimited import read_delimited
from karat.ingest.paths import CSV_SUFFIXES, IPC_SUFFIXES

_PARQUET_MAGIC = b"PAR1"
_ARROW_MAGIC = b"ARROW1"


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of one file. Row `i` stands on line `i + first_line` of a text file; `unit` is "line" or "row"."""

    path: str
    frame: pl.DataFrame
    first_line: int
    unit: str
    repairs: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()

    def refuse(self, code: str, row: int, reason: str, hint: str = "") -> NoReturn:
        """Refuse the file because of one row, counted from 0; -1 means the whole file."""
        if row < 0:
            raise DataRefused(code, self.path, 0, reason, hint)
        prefix = f"row {row + self.first_line}: " if self.unit == "row" else ""
        raise DataRefused(code, self.path, row + self.first_line, prefix + reason, hint)


def read_table(path: Path, accepted: frozenset[str]) -> Table:
    """Read CSV (also gzipped), Parquet or Feather/IPC.

    Raises DataRefused `unreadable`, `empty`, `truncated`, `wrong_format`, `wrong_columns`.
    """
    name = path.name.lower()
    try:
        if path.stat().st_size == 0:
            raise DataRefused("empty", str(path), 0, "the file is empty", "Export it again.")
        if name.endswith(CSV_SUFFIXES):
            text = read_delimited(path, accepted)
            return Table(str(path), text.frame, text.first_line, "line", text.repairs, text.oddities)
        reader = _read_ipc if name.endswith(IPC_SUFFIXES) else _read_parquet
        frame = reader(path)
    except OSError as error:
        raise DataRefused("unreadable", str(path), 0, f"cannot be read: {error.strerror or error}") from error
    if frame.height == 0:
        raise DataRefused("empty", str(path), 0, "the file holds no rows", "Export it again.")
    return Table(str(path), frame, 1, "row")


def _read_parquet(path: Path) -> pl.DataFrame:
    _check_magic(path, _PARQUET_MAGIC, "Parquet")
    return _read(path, pl.read_parquet, "Parquet")


def _read_ipc(path: Path) -> pl.DataFrame:
    _check_magic(path, _ARROW_MAGIC, "Feather (Arrow IPC)")
    return _read(path, pl.read_ipc, "Feather (Arrow IPC)")


def _read(path: Path, read: Any, format_name: str) -> pl.DataFrame:
    try:
        return read(path.read_bytes())
    except pl.exceptions.PolarsError as error:
        reason = f"damaged {format_name} file: {str(error).splitlines()[0]}"
        raise DataRefused("truncated", str(path), 0, reason, "Copy or export it again.") from error


def _check_magic(path: Path, magic: bytes, format_name: str) -> None:
    """Both formats begin and end with their mark; a copy that was cut has lost the end."""
    with path.open("rb") as handle:
        head = handle.read(len(magic))
        handle.seek(-min(len(magic), path.stat().st_size), 2)
        tail = handle.read()
    if head != magic:
        raise DataRefused("wrong_format", str(path), 0, f"is not a {format_name} file", "Check the name's ending.")
    if tail != magic:
        raise DataRefused("truncated", str(path), 0, f"the {format_name} file is cut short", "Copy or export it again.")
