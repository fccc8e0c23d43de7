"""The instrument table: one row per venue and symbol, each figure group with its source and date.

1. `table.toml` names sources (text, date, whether assumed) and, per venue, what holds for all its symbols.
2. A row is the venue's figures with the symbol's own laid over them.
3. The instrument is `assumed` when any of its three sources is, and dated by the oldest of them.

The file is read once, at first use.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from karat.core.ids import MarketId, market_id, symbol_of, venue_of
from karat.core.model.instrument import Instrument, Kind

GROUPS = ("grid", "fees", "margin")
SIMULATED = "simulated"

_FIGURES = (
    "tick",
    "lot",
    "min_quantity",
    "min_notional",
    "contract_size",
    "maker_fee",
    "taker_fee",
    "maintenance_margin_rate",
)
_PERIOD = re.compile(r"_(19|20)[0-9]{2}(-[0-9]{2}){0,2}$")


def find(market: MarketId) -> Instrument | None:
    """The instrument of `market` in the table, or None.

    A symbol that ends in a period, as files are named (SPY_2013-10), is the symbol without it.
    """
    instruments = _table()
    if market in instruments:
        return instruments[market]
    known = instruments.get(MarketId(f"{venue_of(market)}:{without_period(symbol_of(market))}"))
    return None if known is None else replace(known, market=market)


def without_period(symbol: str) -> str:
    """The symbol without a period at its end: "SPY_2013-10" is "SPY"."""
    return _PERIOD.sub("", symbol) or symbol


def known_markets() -> tuple[MarketId, ...]:
    """Every market of the table, sorted."""
    return tuple(sorted(_table()))


@cache
def _table() -> dict[MarketId, Instrument]:
    text = files("karat.core.instruments").joinpath("table.toml").read_text("utf-8")
    document = tomllib.loads(text)
    rows: dict[MarketId, Instrument] = {}
    for venue, shared in document["venues"].items():
        for own in shared["symbols"]:
            instrument = _instrument(venue, {**shared, **own}, document["sources"])
            assert instrument.market not in rows, f"{instrument.market} stands twice in the instrument table"
            rows[instrument.market] = instrument
    return rows


def _instrument(venue: str, row: dict[str, Any], sources: dict[str, dict[str, Any]]) -> Instrument:
    cited = [sources[row[group]] for group in GROUPS]
    return Instrument(
        market=market_id(f"{venue}:{row['symbol']}"),
        kind=Kind[row["kind"].upper()],
        base=row["base"],
        quote=row["quote"],
        settle=row["settle"],
        **{name: float(row[name]) for name in _FIGURES},
        source=_source_text(row, sources),
        as_of=min(source["as_of"] for source in cited),
        assumed=any(source.get("assumed", False) for source in cited),
    )


def _source_text(row: dict[str, Any], sources: dict[str, dict[str, Any]]) -> str:
    if all(row[group] == SIMULATED for group in GROUPS):
        return SIMULATED
    return "; ".join(_group_text(group, sources[row[group]]) for group in GROUPS)


def _group_text(group: str, source: dict[str, Any]) -> str:
    stamp = ", assumed" if source.get("assumed", False) else ""
    return f"{group} ({source['as_of']}{stamp}): {source['text']}"
