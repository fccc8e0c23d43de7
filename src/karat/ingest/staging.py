"""Downloaded bars on their way into the lake: a file beside it that outlives being killed.

Every page is appended and forced to the disk before the next is asked for. The lake itself changes once, when a series
is complete: what it fixes when a market is first registered (the vault) must not be fixed on a first page.

A record is 48 bytes, little-endian: ts int64, then open, high, low, close, volume float64. A record that a crash cut or
left empty is dropped when the file is read; its bars are asked for again.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from karat.core.errors import InputError, RetryLater
from karat.core.home import karat_home
from karat.core.ids import MarketId, symbol_of, venue_of
from karat.core.time import timeframe_text
from karat.ingest.page import Bars, are_sound
from karat.lake.refusals import DISK_FULL
from karat.ports.history import VALUES

_RECORD = np.dtype([("ts", "<i8"), ("values", "<f8", len(VALUES))])


def downloads_folder(home: Path | None = None) -> Path:
    """Where unfinished downloads wait."""
    return (home or karat_home()) / "downloads"


class Staging:
    """The bars of one unfinished download."""

    def __init__(self, folder: Path, market: MarketId, timeframe_ms: int) -> None:
        if market.startswith(".") or symbol_of(market).startswith("."):
            raise InputError("bad_market", f"'{market}' begins with a dot.", "Name it like binance_perp:BTCUSDT.")
        name = f"{timeframe_text(timeframe_ms)}.part"
        self._path = folder / venue_of(market) / symbol_of(market) / name
        self._timeframe_ms = timeframe_ms

    def read(self) -> Bars:
        """Every sound bar of earlier runs, in order; of several with one time the last that came."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return Bars.none()
        records = np.frombuffer(raw[: len(raw) // _RECORD.itemsize * _RECORD.itemsize], _RECORD)
        ts, values = records["ts"].astype(np.int64), records["values"].astype(np.float64)
        sound = are_sound(ts, values, self._timeframe_ms)
        return Bars.none().with_bars(Bars(ts[sound], values[sound]))

    def append(self, bars: Bars) -> None:
        """Add bars and force them to the disk. Raises RetryLater `disk_full`."""
        records = np.empty(len(bars.ts), _RECORD)
        records["ts"], records["values"] = bars.ts, bars.values
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                torn = file.tell() % _RECORD.itemsize
                if torn:
                    file.truncate(file.tell() - torn)
                file.write(records.tobytes())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            if error.errno in DISK_FULL:
                message = f"No space left for {self._path}."
                raise RetryLater("disk_full", message, "Free some space and give the command again.") from error
            raise

    def drop(self) -> None:
        """Forget the file: its bars are in the lake."""
        self._path.unlink(missing_ok=True)
