"""Binance's public archive: whole months and days of candles as zipped CSV, each with a file of its checksum.

Layout and columns: github.com/binance/binance-public-data. Months are there some days after their end, days the day
after. Times are milliseconds, in spot files from 2025 on microseconds; newer files begin with a line of names.

The archive stands before the exchange itself: where a file answers what would take the exchange more than one question,
the file is taken, checked against its checksum first; where there is no file, or the archive is down, the exchange is
asked.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import polars as pl

from karat.core.errors import RetryLater
from karat.core.instruments.listings import Seen
from karat.core.model.instrument import Kind
from karat.core.time import DAY_MS, timeframe_text
from karat.feeds.common.http_client import VendorClient
from karat.feeds.common.network import Network
from karat.ports.budget import RequestBudget
from karat.ports.history import VALUES, Action, History, Page, Perpetuals

BASE_URL = "https://data.binance.vision"
COST_MS = 100.0  # plain files: no limit is published, ten a second is modest
FOLDERS = {"binance_perp": "futures/um", "binance_coinm": "futures/cm", "binance_spot": "spot"}
FAILURES_MAX = 3  # after so many in a row the archive is not asked any more: the exchange is slower, but there
COLUMNS = 12
VOLUME_COLUMN = {"binance_coinm": 7}  # that of coins; elsewhere the sixth
MICROSECONDS_FROM = 10_000_000_000_000  # milliseconds reach this in the year 2286


class ArchivedHistory:
    """Satisfies `karat.ports.history.History`: the archive where it helps, `exchange` for everything else."""

    calendar: str | None = None

    def __init__(self, venue: str, exchange: History, base_url: str, network: Network, budget: RequestBudget) -> None:
        self._venue, self._exchange = venue, exchange
        self._client = VendorClient("Binance's archive", base_url, COST_MS, network, budget)
        self._used = False
        self._files: dict[str, bytes | None] = {}  # those that are not there, and the last that was
        self._failures = 0  # in a row

    @property
    def venue(self) -> str:
        return self._exchange.venue

    @property
    def perpetuals(self) -> Perpetuals | None:
        return self._exchange.perpetuals

    @property
    def source(self) -> str:
        return f"{self._exchange.source}{' and the archive' if self._used else ''}"

    def page_bars(self, timeframe_ms: int) -> int:
        return max(self._exchange.page_bars(timeframe_ms), 31 * DAY_MS // timeframe_ms)

    async def now_ms(self) -> int:
        return await self._exchange.now_ms()

    async def first_ms(self, symbol: str, timeframe_ms: int) -> int | None:
        return await self._exchange.first_ms(symbol, timeframe_ms)

    async def page(self, symbol: str, timeframe_ms: int, from_ms: int, to_ms: int) -> Page:
        one_answer_ms = self._exchange.page_bars(timeframe_ms) * timeframe_ms
        for period, begin_ms, end_ms in (("monthly", *_month(from_ms)), ("daily", *_day(from_ms))):
            until_ms = min(to_ms, end_ms)
            if until_ms - from_ms <= one_answer_ms:
                continue
            content = await self._file_if_up(period, symbol, timeframe_ms, begin_ms)
            if content is not None:
                self._used = True
                return self._parsed(content, from_ms, until_ms)
        return await self._exchange.page(symbol, timeframe_ms, from_ms, to_ms)

    async def actions(self, symbol: str, from_ms: int, to_ms: int) -> tuple[Action, ...]:
        return ()

    async def listed(self, at_ms: int) -> Mapping[Kind, Mapping[str, Seen]]:
        return await self._exchange.listed(at_ms)

    async def close(self) -> None:
        await self._exchange.close()
        await self._client.close()

    async def _file_if_up(self, period: str, symbol: str, timeframe_ms: int, begin_ms: int) -> bytes | None:
        """The content of one file; None where there is none, or where the archive cannot be had: the exchange can."""
        if self._failures >= FAILURES_MAX:
            return None
        try:
            content = await self._file(period, symbol, timeframe_ms, begin_ms)
        except RetryLater as error:
            if error.code == "vendor_garbled":
                raise
            self._failures += 1
            return None
        self._failures = 0
        return content

    async def _file(self, period: str, symbol: str, timeframe_ms: int, begin_ms: int) -> bytes | None:
        """The content of one file, or None where there is no such file. The last one is remembered."""
        timeframe = timeframe_text(timeframe_ms)
        day = datetime.fromtimestamp(begin_ms / 1000, UTC).strftime("%Y-%m" if period == "monthly" else "%Y-%m-%d")
        name = f"{symbol}-{timeframe}-{day}.zip"
        path = f"/data/{FOLDERS[self._venue]}/{period}/klines/{symbol}/{timeframe}/{name}"
        if path not in self._files:
            checksum = await self._client.get_bytes(f"{path}.CHECKSUM")
            content = None if checksum is None else await self._client.get_bytes(path)
            if checksum is not None and content is not None:
                _check(name, content, checksum)
            self._files = {path: None for path, kept in self._files.items() if kept is None} | {path: content}
        return self._files[path]

    def _parsed(self, content: bytes, from_ms: int, to_ms: int) -> Page:
        try:
            return _page(content, VOLUME_COLUMN.get(self._venue, 5), from_ms, to_ms)
        except (zipfile.BadZipFile, pl.exceptions.PolarsError, ValueError, IndexError):
            raise self._client.garbled() from None


def _check(name: str, content: bytes, checksum: bytes) -> None:
    if hashlib.sha256(content).hexdigest() != checksum.decode("ascii", "replace").partition(" ")[0].strip().lower():
        hint = "Nothing is lost: give the same command again later."
        raise RetryLater("vendor_garbled", f"{name} of Binance's archive is not what its checksum says.", hint)


def _page(content: bytes, volume_column: int, from_ms: int, to_ms: int) -> Page:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read(archive.namelist()[0])
    begin = 0 if text[:1].isdigit() else text.find(b"\n") + 1  # behind a line of names
    if not text[begin:].strip():
        return Page(from_ms, to_ms, np.empty(0, np.int64), np.empty((0, len(VALUES))))
    kinds = [pl.Int64, *[pl.Float64] * (COLUMNS - 1)]
    rows = pl.read_csv(text[begin:], has_header=False, columns=[0, 1, 2, 3, 4, volume_column], schema_overrides=kinds)
    ts = rows[:, 0].to_numpy()
    ts = np.where(ts >= MICROSECONDS_FROM, ts // 1000, ts)
    return Page(from_ms, to_ms, ts, rows[:, 1:].to_numpy())


def _month(ms: int) -> tuple[int, int]:
    """When the month of a moment begins and ends."""
    day = datetime.fromtimestamp(ms / 1000, UTC)
    begin = datetime(day.year, day.month, 1, tzinfo=UTC)
    end = datetime(day.year + day.month // 12, day.month % 12 + 1, 1, tzinfo=UTC)
    return round(begin.timestamp() * 1000), round(end.timestamp() * 1000)


def _day(ms: int) -> tuple[int, int]:
    begin = ms // DAY_MS * DAY_MS
    return begin, begin + DAY_MS
