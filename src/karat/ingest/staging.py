"""Downloaded rows on their way into the lake: a file beside it that outlives being killed.

Every page is appended and forced to the disk before the next is asked for. The lake itself changes once, when a series
is complete: what it fixes when a market is first registered (the vault) must not be fixed on a first page.

A record is little-endian: ts int64, then the numbers of a bar (open, high, low, close, volume) or of a funding stamp
(the rate) as float64. A record that a crash cut or left empty is dropped when the file is read, and asked for again.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from karat.core.errors import InputError, RetryLater
from karat.core.home import karat_home
from karat.core.ids import MarketId, symbol_of, venue_of
from karat.core.model.candles import Floats, Ints
from karat.lake.refusals import DISK_FULL


def downloads_folder(home: Path | None = None) -> Path:
    """Where unfinished downloads wait."""
    return (home or karat_home()) / "downloads"


@contextmanager
def telling_full_disk(path: Path) -> Generator[None]:
    """Turn the failure of a full disk into RetryLater `disk_full`."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            message = f"No space left for {path}."
            raise RetryLater("disk_full", message, "Free some space and give the command again.") from error
        raise


class Staging:
    """The rows of one unfinished download: a time and so many numbers each. `label` names the series of the market."""

    def __init__(self, folder: Path, market: MarketId, label: str, numbers: int) -> None:
        if market.startswith(".") or symbol_of(market).startswith("."):
            raise InputError("bad_market", f"'{market}' begins with a dot.", "Name it like binance_perp:BTCUSDT.")
        self._path = folder / venue_of(market) / symbol_of(market) / f"{label.replace(' ', '-')}.part"
        self._record = np.dtype([("ts", "<i8"), ("values", "<f8", (numbers,))])

    def read(self) -> tuple[Ints, Floats]:
        """Every whole row of earlier runs, as it came: times, and numbers of shape (rows, numbers)."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            raw = b""
        records = np.frombuffer(raw[: len(raw) // self._record.itemsize * self._record.itemsize], self._record)
        return records["ts"].astype(np.int64), records["values"].astype(np.float64)

    def append(self, ts: Ints, values: Floats) -> None:
        """Add rows and force them to the disk. Raises RetryLater `disk_full`."""
        records = np.empty(len(ts), self._record)
        records["ts"], records["values"] = ts, values
        with telling_full_disk(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                torn = file.tell() % self._record.itemsize
                if torn:
                    file.truncate(file.tell() - torn)
                file.write(records.tobytes())
                file.flush()
                os.fsync(file.fileno())

    def drop(self) -> None:
        """Forget the file: its rows are in the lake."""
        self._path.unlink(missing_ok=True)
