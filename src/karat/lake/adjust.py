"""Equities as they were traded, adjusted for splits and dividends when they are read, as of any moment.

The lake holds raw bars and, in a table of their own, the splits and dividends of a market. Adjusting as of a moment
uses those whose ex-date had come by then, so whoever stands at a moment never sees a later split.

1. A split of n new shares for one old divides the prices before its ex-date by n and multiplies their volume.
2. A dividend D multiplies the prices before its ex-date by 1 - D / close, where close is the last raw close before it.
"""

from __future__ import annotations

import numpy as np

from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Floats
from karat.core.model.table import Schema, Table, TableName
from karat.ports.history import Action
from karat.ports.lake import Lake

SCHEMA = Schema((("ts", "i8"), ("kind", "text"), ("value", "f8")))


def actions_name(market: MarketId) -> TableName:
    """Where the splits and dividends of a market lie."""
    return TableName("actions", market)


def actions_table(actions: tuple[Action, ...]) -> Table:
    """Splits and dividends, oldest first, as columns."""
    columns = {
        "ts": np.array([action.ts for action in actions], np.int64),
        "kind": np.array([action.kind for action in actions], object),
        "value": np.array([action.value for action in actions], np.float64),
    }
    return Table(SCHEMA, columns)


def actions_of(table: Table) -> tuple[Action, ...]:
    """The inverse of `actions_table`."""
    rows = zip(table.columns["ts"], table.columns["kind"], table.columns["value"], strict=True)
    return tuple(Action(int(ts), str(kind), float(value)) for ts, kind, value in rows)


def adjusted(candles: Candles, actions: tuple[Action, ...], as_of_ms: int, *, dividends: bool = True) -> Candles:
    """Candles before `as_of_ms` in the shares of that moment; `dividends` False adjusts for splits alone."""
    seen = candles[: int(np.searchsorted(candles.ts, as_of_ms))]
    price, shares = np.ones(len(seen)), np.ones(len(seen))
    for action in actions:
        before = int(np.searchsorted(seen.ts, action.ts))
        if action.ts > as_of_ms or before == 0:
            continue
        if action.kind == "split":
            price[:before] /= action.value
            shares[:before] *= action.value
        elif dividends:
            price[:before] *= 1.0 - action.value / seen.close[before - 1]
    return Candles(
        seen.market,
        seen.timeframe_ms,
        ts=seen.ts,
        volume=_product(seen.volume, shares),
        **{name: _product(getattr(seen, name), price) for name in ("open", "high", "low", "close")},
    )


def read_adjusted(lake: Lake, market: MarketId, timeframe_ms: int, as_of_ms: int) -> Candles:
    """The candles of a market as of a moment, adjusted for what was known of it then. Raises as `Lake.candles` does."""
    stored = any(entry.name == actions_name(market) for entry in lake.tables())
    actions = actions_of(lake.table(actions_name(market))) if stored else ()
    return adjusted(lake.candles(market, timeframe_ms), actions, as_of_ms)


def _product(values: Floats, factors: Floats) -> Floats:
    return values * factors
