"""Identities as types, so that a bot's id cannot be passed where a run's id is meant."""

from __future__ import annotations

from typing import NewType

from karat.core.errors import InputError

MarketId = NewType("MarketId", str)  # "venue:SYMBOL", for example binance_perp:BTCUSDT
BotId = NewType("BotId", str)
RunId = NewType("RunId", str)
StrategyName = NewType("StrategyName", str)
ClientOrderId = NewType("ClientOrderId", str)


def market_id(text: str) -> MarketId:
    """Parse "venue:SYMBOL". Raises InputError `bad_market` when it is not of that form."""
    venue, separator, symbol = text.partition(":")
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
    if not separator or not venue or not symbol or not set(venue + symbol) <= allowed:
        raise InputError(
            "bad_market", f"'{text}' is not a market.", "Write venue:SYMBOL, for example binance_perp:BTCUSDT."
        )
    return MarketId(text)


def venue_of(market: MarketId) -> str:
    return market.partition(":")[0]


def symbol_of(market: MarketId) -> str:
    return market.partition(":")[2]
