"""Market data files made by hand for the tests of the import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.unit.lake.bars import MARKET, START, bars

from karat.core.errors import DataRefused
from karat.core.ids import MarketId
from karat.core.time import HOUR_MS
from karat.ingest.accept import accepted_defects
from karat.ingest.importer import FileResult, ImportOptions, import_paths
from karat.lake.store import FolderLake, open_lake

HEADER = "ts,open,high,low,close,volume"


def csv_rows(count: int = 48, *, first: int = 0, step: int = HOUR_MS, start: int = START) -> list[str]:
    """Good rows; row `i` stands on line `i + 2` of the file."""
    candles = bars(count, first=first, step=step, start=start)
    columns = (candles.ts, candles.open, candles.high, candles.low, candles.close, candles.volume)
    return [",".join(str(value) for value in row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def csv_text(rows: Sequence[str], header: str = HEADER) -> str:
    return "\n".join((header, *rows)) + "\n"


def with_field(rows: list[str], row: int, column: str, value: object) -> list[str]:
    """The rows with one field changed."""
    fields = rows[row].split(",")
    fields[HEADER.split(",").index(column)] = str(value)
    return [*rows[:row], ",".join(fields), *rows[row + 1 :]]


def place(folder: Path, content: str | bytes, *, timeframe: str = "1h", name: str = "BTCUSDT.csv") -> Path:
    """Write a file where its path says binance_perp, timeframe and symbol."""
    path = folder / "candles" / "binance_perp" / timeframe / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


class Desk:
    """A lake of its own and a folder for files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake: FolderLake = open_lake(folder / "home")

    def take(self, *paths: Path, accept: str = "", market: str | None = MARKET, **options: object) -> list[FileResult]:
        """Import with the market named."""
        accepted = accepted_defects(accept.split(",") if accept else ())
        name = None if market is None else MarketId(market)
        return import_paths(self.lake, paths, ImportOptions(market=name, accepted=accepted, **options))  # type: ignore[arg-type]

    def take_text(
        self, content: str | bytes, *, accept: str = "", timeframe: str = "1h", **options: object
    ) -> FileResult:
        """Import one CSV."""
        return self.take(place(self.folder, content, timeframe=timeframe), accept=accept, **options)[0]


def refusal(result: FileResult) -> DataRefused:
    """The refusal of a file that must have been refused."""
    assert result.status == "refused", result
    assert isinstance(result.error, DataRefused)
    assert result.error.hint or result.error.code == "unreadable"
    return result.error
