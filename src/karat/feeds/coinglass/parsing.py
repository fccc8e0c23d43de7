"""Answers of Coinglass to columns: the shapes that are its own. The plain ones are in karat.feeds.shapes."""

from __future__ import annotations

from typing import Any

from karat.feeds.endpoint import Asked
from karat.feeds.shapes import milliseconds, number

_MARGINS = {"": "stablecoin_margin_list", " coin-margined": "token_margin_list"}


def funding_of_exchanges(payload: Any, asked: Asked) -> dict[str, list[Any]]:
    """The rate of each exchange for the coin that is asked for, as it is now; coin-margined ones are named so."""
    own = [one for one in payload if one["symbol"] == asked.coin]
    if not own:
        raise ValueError(f"no {asked.coin} among {len(payload)} coins")
    made: dict[str, list[Any]] = {"ts": [], "exchange": [], "value": []}
    for margin, name in _MARGINS.items():
        for row in own[0].get(name) or []:
            made["ts"].append(asked.now_ms)
            made["exchange"].append(f"{row['exchange']}{margin}")
            made["value"].append(number(row["funding_rate"]))
    return made


def heat_map(payload: Any, asked: Asked) -> dict[str, list[Any]]:
    """Cells of the map as it is now: the candle and the price level they stand at, and the USD that would be
    liquidated there."""
    levels, candles = payload["y_axis"], payload["price_candlesticks"]
    made: dict[str, list[Any]] = {"ts": [], "candle": [], "price": [], "value": []}
    for column, row, usd in payload["liquidation_leverage_data"]:
        made["ts"].append(asked.now_ms)
        made["candle"].append(milliseconds(candles[int(column)][0]))
        made["price"].append(number(levels[int(row)]))
        made["value"].append(number(usd))
    return made


def options_of_exchanges(payload: Any, asked: Asked) -> dict[str, list[Any]]:
    """Open interest of options by exchange over time."""
    lists = payload[0] if isinstance(payload, list) else payload
    made: dict[str, list[Any]] = {"ts": [], "exchange": [], "value": []}
    for exchange, values in lists["data_map"].items():
        if len(values) != len(lists["time_list"]):
            raise ValueError(f"{len(values)} values of {exchange} for {len(lists['time_list'])} times")
        made["ts"] += [milliseconds(one) for one in lists["time_list"]]
        made["exchange"] += [exchange] * len(values)
        made["value"] += [number(one) for one in values]
    return made
