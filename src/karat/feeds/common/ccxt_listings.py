"""A venue's whole list of markets of today, out of what ccxt loaded of it.

1. Perpetuals and spot: dated futures come and go by their names and are no part of a universe.
2. What is not traded now, and not yet traded, is not in it. What has ended stays in with its date where the venue still
   tells it (`Facts.ends_key`).
3. Tick and lot are told where they are plain: no lot where the venue counts in contracts of another size than one
   coin, no tick where it follows the price (`Facts.ticks_stay`). NaN says so.
4. Symbols that Karat cannot name (letters of other scripts) are left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from karat.core.errors import InputError
from karat.core.ids import market_id
from karat.core.instruments.listings import Seen
from karat.core.model.instrument import Kind


def listed_of(
    venue: str, markets: Mapping[str, Any], at_ms: int, *, ends_key: str, ticks_stay: bool
) -> dict[Kind, dict[str, Seen]]:
    """By kind and symbol. `markets` are ccxt's, by the venue's own symbol. Raises TypeError, ValueError, KeyError on
    what is no market."""
    listed: dict[Kind, dict[str, Seen]] = {}
    for symbol, market in markets.items():
        kind = _kind(market)
        if kind is None or not _has_name(venue, symbol):
            continue
        ends, created = _moment(market["info"].get(ends_key)), _moment(market["created"])
        ended = ends is not None and ends <= at_ms
        if (market["active"] is False and not ended) or (created is not None and created > at_ms):
            continue
        tick, lot = _grid(market) if ticks_stay else (math.nan, math.nan)
        listed.setdefault(kind, {})[symbol] = Seen(tick, lot, created, ends)
    return listed


def _kind(market: Any) -> Kind | None:
    if market["type"] == "spot":
        return Kind.SPOT
    if market["type"] != "swap":
        return None
    return Kind.LINEAR if market["linear"] else Kind.INVERSE if market["inverse"] else None


def _has_name(venue: str, symbol: str) -> bool:
    try:
        market_id(f"{venue}:{symbol}")
    except InputError:
        return False
    return True


def _moment(value: Any) -> int | None:
    """Milliseconds; venues write 0 or nothing where there is none."""
    return int(value) or None if value else None


def _grid(market: Any) -> tuple[float, float]:
    plain = market["contractSize"] in (None, 1, 1.0)
    tick, lot = market["precision"]["price"], market["precision"]["amount"]
    return float(tick) if tick else math.nan, float(lot) if lot and plain else math.nan
