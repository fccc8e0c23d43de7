"""What the place of a file says: its kind, market and timeframe.

    .../candles/<venue>/<timeframe>/<SYMBOL>.parquet      candles of venue:SYMBOL
    .../equities/<venue>/<timeframe>/<SYMBOL>.parquet     the same, of a market with sessions
    .../mark/<venue>/<timeframe>/<SYMBOL>.parquet         mark price bars
    .../funding/<venue>/<SYMBOL>.parquet                  funding stamps
    .../actions/<venue>/<SYMBOL>.csv                      splits and dividends
    .../equities/<venue>/<anything>.csv                   the same, a row names its symbol
    .../<venue>/<timeframe>/<SYMBOL>.csv                  candles, when the folder reads as a timeframe
    .../listings/<venue>.csv                              what was listed when
    .../ticks/<venue>/<SYMBOL>_<when>_trades.parquet      single trades
    .../orderbook/<venue>/<SYMBOL>_<when>_l2.parquet      order book, `_bookticker` best quotes
    .../alt/<name>.csv                                    alternative series, called as in core/inputs/table.toml
    .../open_interest/*, .../liquidations/*               long form: a row names its coin, and its venue
    .../funding/<anything>/*                              long form where a column names the coin

A period at the end of the name (`SPY_2013-10`) is not part of the symbol: several such files make one market.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from karat.core.errors import InputError
from karat.core.ids import MarketId, market_id
from karat.core.inputs import inputs_of_file
from karat.core.time import timeframe_ms

CSV_SUFFIXES = (".csv.gz", ".csv", ".txt.gz", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
IPC_SUFFIXES = (".feather", ".arrow", ".ipc")
_SUFFIXES = (*CSV_SUFFIXES, *PARQUET_SUFFIXES, *IPC_SUFFIXES)
_KIND_OF_FOLDER = {"candles": "candles", "equities": "candles", "mark": "mark", "funding": "funding"}
SERIES_KINDS = ("series", "open_interest", "liquidations")
EVENT_KINDS = ("trades", "quotes", "book")
_SERIES_FOLDERS = {"alt": "series", "open_interest": "open_interest", "liquidations": "liquidations"}
_ACTION_FOLDERS = ("actions", "equities")
_EVENT_FOLDERS = ("ticks", "orderbook")
_FOLDERS_READ = 3
_EVENT_NAME = re.compile(r"(?P<symbol>.+?)(_[0-9][0-9_-]*)?_(?P<what>trades|bookticker|l2)")
_EVENT_OF_NAME = {"trades": "trades", "bookticker": "quotes", "l2": "book"}
_PERIOD = re.compile(r"_[12][0-9]{3}(-[0-9]{2}){0,2}$")
_TIMEFRAME = re.compile(r"[1-9][0-9]{0,3}[smhdw]")


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
    if not path.name.lower().endswith(_SUFFIXES):
        return f"not one of {', '.join(_SUFFIXES)}"
    folders = path.absolute().parts[:-1]
    if len(folders) >= 2 and folders[-2] in _EVENT_FOLDERS and not _EVENT_NAME.fullmatch(stem(path)):
        return "is not called SYMBOL_trades, SYMBOL_bookticker or SYMBOL_l2"
    if _series_kind(folders) == "series" and not inputs_of_file(stem(path)):
        return "no series is declared for a file of that name (karat data inputs)"
    return None


def _series_kind(folders: tuple[str, ...]) -> str | None:
    """What the last folders say, when one of them holds series instead of candles."""
    return next((_SERIES_FOLDERS[one] for one in folders[-_FOLDERS_READ:] if one in _SERIES_FOLDERS), None)


def stem(path: Path) -> str:
    """The file name without its format."""
    suffix = next((item for item in _SUFFIXES if path.name.lower().endswith(item)), "")
    return path.name[: len(path.name) - len(suffix)]


def facts_of(path: Path) -> PathFacts:
    """Read kind, market and timeframe from a path."""
    *folders, _ = path.absolute().parts
    series = _series_kind(tuple(folders))
    if series is not None:
        return PathFacts(series, None, None, None)
    if len(folders) >= 2 and folders[-2] in _EVENT_FOLDERS and (named := _EVENT_NAME.fullmatch(stem(path))):
        return PathFacts(_EVENT_OF_NAME[named["what"]], _market(folders[-1], named["symbol"]), None, None)
    if folders and folders[-1] == "listings":
        return PathFacts("listings", None, None, None)
    symbol = _PERIOD.sub("", stem(path))
    if len(folders) >= 2 and folders[-2] in _ACTION_FOLDERS and not _TIMEFRAME.fullmatch(folders[-1]):
        return PathFacts("actions", _market(folders[-1], symbol), None, None)
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
