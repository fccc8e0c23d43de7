"""Binance's public archive of candles.

Follows github.com/binance/binance-public-data (README, "Klines" and "CHECKSUM"): data/<product>/<monthly|daily>/klines/
<SYMBOL>/<interval>/<SYMBOL>-<interval>-<date>.zip, and the same with .CHECKSUM: sha256, two spaces, the name.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from datetime import UTC, datetime

from tests.fakes.server import Internet, Reply, Request
from tests.fakes.tape import Tape

HOST = "data.binance.vision"
_PATH = re.compile(r"/data/([\w/]+)/(monthly|daily)/klines/(\w+)/(\w+)/\3-\4-([\d-]+)\.zip(\.CHECKSUM)?")
_NAMES = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)


class BinanceArchive:
    """Files of the months and days that were over when `now_ms` was; `tapes` by symbol and interval.

    `spoiled` makes the content differ from its checksum, `text` takes the place of all rows. `microseconds` and `named`
    are what newer files do.
    """

    def __init__(self, internet: Internet, tapes: dict[tuple[str, str], Tape], now_ms: int) -> None:
        self.tapes, self.now_ms = tapes, now_ms
        self.spoiled = self.microseconds = self.named = False
        self.has_months = True
        self.text: str | None = None
        for name in (HOST, "127.0.0.1"):
            internet.register(name, self)

    def answer(self, request: Request) -> Reply:
        match = _PATH.fullmatch(request.path)
        if match is None:
            return Reply(b"<Error><Code>NoSuchKey</Code></Error>", 404)
        product, period, symbol, interval, date, wants_checksum = match.groups()
        tape = self.tapes.get((symbol, interval))
        begin_ms, end_ms = _span(date)
        if tape is None or end_ms > self.now_ms or (period == "monthly" and not self.has_months):
            return Reply(b"<Error><Code>NoSuchKey</Code></Error>", 404)
        name = f"{symbol}-{interval}-{date}"
        content = self._zipped(name, product, tape, begin_ms, end_ms)
        if wants_checksum:
            return Reply(f"{hashlib.sha256(content).hexdigest()}  {name}.zip\n".encode())
        return Reply(content[:-7] + b"spoiled" if self.spoiled else content)

    def _zipped(self, name: str, product: str, tape: Tape, begin_ms: int, end_ms: int) -> bytes:
        lines = [_NAMES] if self.named else []
        factor = 1000 if self.microseconds else 1
        for ts, opened, high, low, closed, volume in tape.play(begin_ms, end_ms, self.now_ms, 100_000):
            first, second = ("7", volume) if product == "futures/cm" else (volume, "7")
            close_time = (ts + tape.step_ms) * factor - 1
            lines.append(f"{ts * factor},{opened},{high},{low},{closed},{first},{close_time},{second},4,0,0,0")
        text = "\n".join(lines) + "\n" if self.text is None else self.text
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(zipfile.ZipInfo(f"{name}.csv"), text)
        return packed.getvalue()


def _span(date: str) -> tuple[int, int]:
    """From when to when the file of a month (2024-01) or a day (2024-01-31) reaches."""
    year, month, *day = (int(part) for part in date.split("-"))
    begin = datetime(year, month, *(day or [1]), tzinfo=UTC).timestamp() * 1000
    end = begin + 86_400_000 if day else datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000
    return round(begin), round(end)
