"""What the place of a file says: its kind, market and timeframe.

    .../candles/<venue>/<timeframe>/<SYMBOL>.parquet      candles of venue:SYMBOL
    .../equities/<venue>/<timeframe>/<SYMBOL>.parquet     the same, of a market with sessions
    .../mark/<venue>/<timeframe>/<SYMBOL>.parquet         mark price bars
    .../funding/<venue>/<SYMBOL>.parquet                  funding stamps
    .../<venue>/<timeframe>/<SYMBOL>.csv                  candles, when the folder reads as a timeframe

A period at the end of the name (`SPY_2013-10`) is not part of the symbol: several such files make one market.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from karat.core.errors import InputError
from karat.core.ids import MarketId, market_id
from karat.core.time import timeframe_ms

CSV_SUFFIXES = (".csv.gz", ".csv", ".txt.gz", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
IPC_SUFFIXES = (".feather", ".arrow", ".ipc")
_SUFFIXES = (*CSV_SUFFIXES, *PARQUET_SUFFIXES, *IPC_SUFFIXES)
_KIND_OF_FOLDER = {"candles": "candles", "equities": "candles", "mark": "mark", "funding": "funding"}
_NOT_YET = {
    "ticks": "single trades",
    "orderbook": "order books",
    "alt": "alternative series",
    "open_interest": "open interest",
    "liquidations": "liquidations",
}
_NOT_MARKETS = {"factor_files": "factors of splits and dividends"}
_PERIOD = re.compile(r"_[12][0-9]{3}(-[0-9]{2}){0,2}$")
_TIMEFRAME = re.compile(r"[1-9][0-9]{0,3}[smhdw]")
_FOLDERS_READ = 3


@dataclass(frozen=True, slots=True)
class PathFacts:
    """What a path says about its file; None where it says nothing."""

    kind: str
    market: MarketId | None
    timeframe_ms: int | None
    sessions: bool | None


def walk(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Every file with whether it was named itself, folders in order of their names.

    Raises InputError `path_not_found` before anything is yielded when a path does not exist.
    """
    roots = list(paths)
    for root in roots:
        if not root.exists():
            raise InputError("path_not_found", f"{root} does not exist.", "Give a file or a folder of market data.")
    for root in roots:
        if root.is_dir():
            yield from ((path, False) for path in sorted(root.rglob("*")) if path.is_file())
        else:
            yield root, True


def why_not_data(path: Path) -> str | None:
    """Why this file is nothing the lake takes, judged by its name and folders; None when it may be."""
    for folder in path.absolute().parts[-_FOLDERS_READ - 1 : -1]:
        if folder in _NOT_YET:
            return f"files of {_NOT_YET[folder]} are not taken yet"
    if not path.name.lower().endswith(_SUFFIXES):
        return f"not one of {', '.join(_SUFFIXES)}"
    if stem(path) in _NOT_MARKETS:
        return f"holds {_NOT_MARKETS[stem(path)]}, no candles"
    return None


def stem(path: Path) -> str:
    """The file name without its format."""
    suffix = next((item for item in _SUFFIXES if path.name.lower().endswith(item)), "")
    return path.name[: len(path.name) - len(suffix)]


def facts_of(path: Path) -> PathFacts:
    """Read kind, market and timeframe from a path."""
    *folders, _ = path.absolute().parts
    symbol = _PERIOD.sub("", stem(path))
    if len(folders) >= 2 and folders[-2] == "funding":
        return PathFacts("funding", _market(folders[-1], symbol), None, None)
    timeframe = timeframe_ms(folders[-1]) if folders and _TIMEFRAME.fullmatch(folders[-1]) else None
    if timeframe is None or len(folders) < 2:
        return PathFacts("candles", None, None, None)
    top = folders[-3] if len(folders) >= 3 else ""
    kind = _KIND_OF_FOLDER.get(top, "candles")
    return PathFacts(kind, _market(folders[-2], symbol), timeframe, True if top == "equities" else None)


def _market(venue: str, symbol: str) -> MarketId | None:
    try:
        return market_id(f"{venue}:{symbol}")
    except InputError:
        return None  # the path says nothing usable; the user may still name the market
