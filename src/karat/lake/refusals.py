"""What to say when the lake has not got what was asked for: what is wrong, and what there is instead."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Sequence
from pathlib import Path

from karat.core.errors import InputError
from karat.core.ids import MarketId, symbol_of, venue_of
from karat.core.model.table import TableName
from karat.core.time import iso, timeframe_text
from karat.lake.names import words
from karat.ports.lake import LakeEntry

_NAMES_SHOWN = 3
NOT_OURS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # no room, no quota, no longer file allowed


def lake_not_usable(root: Path, error: OSError) -> InputError:
    message = f"The lake at {root} cannot be used: {error.strerror or error}."
    return InputError("lake_not_usable", message, "Point KARAT_HOME at a folder you may write to.")


def market_not_in_lake(market: MarketId, markets: Iterable[MarketId]) -> InputError:
    message = f"Market {market} is not in the lake."
    near = nearest(market, markets)
    if near:
        hint = f"Nearest: {', '.join(near)}. Or import it: karat data import PATH."
        return InputError("market_not_in_lake", message, hint)
    return InputError("market_not_in_lake", message, "Import it: karat data import PATH. See karat data list.")


def table_not_in_lake(name: TableName, names: Iterable[TableName]) -> InputError:
    known = sorted(names)
    near = [one for one in known if one.kind == name.kind] or known
    message = f"There is no {words(name)} in the lake."
    if not near:
        return InputError("table_not_in_lake", message, "The lake has no tables yet.")
    shown = "; ".join(words(one) for one in near[:_NAMES_SHOWN])
    more = f" and {len(near) - _NAMES_SHOWN} more" if len(near) > _NAMES_SHOWN else ""
    return InputError("table_not_in_lake", message, f"There is: {shown}{more}.")


def timeframe_not_there(market: MarketId, timeframe_ms: int, stored: Sequence[int]) -> InputError:
    """Neither stored nor buildable: not possible when finer than all stored ones or no multiple of any."""
    text = timeframe_text(timeframe_ms)
    have = ", ".join(timeframe_text(item) for item in sorted(stored))
    if not stored:
        hint = "Import candles: karat data import PATH."
        return InputError("timeframe_not_in_lake", f"{market} has no candles, only funding or mark prices.", hint)
    if timeframe_ms < min(stored):
        why = f"{text} bars cannot be made from {timeframe_text(min(stored))} bars"
    else:
        why = f"{text} is no multiple of a stored timeframe"
    hint = f"Stored: {have}; their multiples can be built. Or import {text} bars."
    return InputError("timeframe_not_possible", f"{market}: {why}.", hint)


def range_without_data(entry: LakeEntry, from_ms: int | None, to_ms: int | None) -> InputError:
    asked = f"{_end(from_ms, 'the start')} to {_end(to_ms, 'the end')}"
    name = f"{entry.market} {timeframe_text(entry.timeframe_ms)}"
    hint = f"There are bars from {iso(entry.first_ts)} to {iso(entry.last_ts)}."
    return InputError("range_without_data", f"{name} has no bar from {asked}.", hint)


def nearest(market: MarketId, markets: Iterable[MarketId]) -> list[MarketId]:
    """Names a person may have meant: the same symbol elsewhere, then close spellings."""
    known = sorted(markets)
    symbol = symbol_of(market).upper()
    same_symbol = [name for name in known if symbol_of(name).upper() == symbol]
    folded = {name.upper(): name for name in known}
    close = [folded[name] for name in difflib.get_close_matches(market.upper(), folded, _NAMES_SHOWN, 0.6)]
    same_venue = [name for name in close if venue_of(name) == venue_of(market)]
    return list(dict.fromkeys([*same_symbol, *same_venue, *close]))[:_NAMES_SHOWN]


def _end(milliseconds: int | None, otherwise: str) -> str:
    return otherwise if milliseconds is None else iso(milliseconds)
