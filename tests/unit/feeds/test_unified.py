"""What ccxt's unified dicts become: base units, sides, times. Pure, so read off by hand."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from karat.app.vendors import HISTORIES, STREAMS
from karat.feeds.binance.messages import event_of
from karat.feeds.common.unified import Units, book_of, candles_of, liquidation_of, quote_of, trade_of
from karat.ports.stream import BookChange, Candle, Liquidation, Quote, Trade, WholeBook

LINEAR = Units.of({"contract": True, "contractSize": 0.01, "inverse": False})  # OKX BTC-USDT-SWAP
INVERSE = Units.of({"contract": True, "contractSize": 100.0, "inverse": True})  # Binance BTCUSD_PERP
SPOT = Units.of({"contract": False, "contractSize": None, "inverse": None})


@pytest.mark.parametrize(
    ("units", "amount", "quantity"), [(SPOT, 2.0, 2.0), (LINEAR, 30.0, 0.3), (INVERSE, 500.0, 1.0)]
)
def test_quantities_are_in_base_units_whatever_the_venue_counts(units: Units, amount: float, quantity: float) -> None:
    trade = {"timestamp": 7, "price": 50_000.0, "amount": amount, "side": "sell", "id": "a-1"}
    assert trade_of(trade, units) == Trade(7, 50_000.0, pytest.approx(quantity), -1, "a-1")


def test_deribit_counts_money_already() -> None:
    market = {"contract": True, "contractSize": 10.0, "inverse": True}
    assert Units.of(market, sized=False).base(1000.0, 50_000.0) == 0.02


def test_books_quotes_liquidations_and_candles() -> None:
    book = {"timestamp": None, "nonce": 9, "bids": [[10.0, 100.0]], "asks": [[11.0, 200.0]]}
    assert book_of(book, LINEAR, 5) == WholeBook(5, 9, [(10.0, 1.0)], [(11.0, 2.0)])
    ticker = {"timestamp": 6, "bid": 10.0, "bidVolume": None, "ask": 11.0, "askVolume": 200.0}
    assert quote_of(ticker, LINEAR, 5) == Quote(6, 10.0, 0.0, 11.0, 2.0)
    order = {"timestamp": 6, "price": 10.0, "contracts": 100.0, "side": "buy"}
    assert liquidation_of(order, LINEAR, 5, 1) == Liquidation(6, 10.0, 1.0, 1)
    assert candles_of([[60_000, 1, 2, 0.5, 1.5, 9]], closed=False) == [Candle(60_000, 1.0, 2.0, 0.5, 1.5, 9.0, False)]


def test_spot_messages_of_binance_lack_times_and_links() -> None:
    quote = {"u": 400900217, "s": "BNBUSDT", "b": "25.35", "B": "31.21", "a": "25.36", "A": "40.66"}
    assert event_of(quote, SPOT, 5) == Quote(5, 25.35, 31.21, 25.36, 40.66, 400900217)
    change = {"e": "depthUpdate", "E": 7, "s": "BNBBTC", "U": 157, "u": 160, "b": [["0.0024", "10"]], "a": []}
    assert event_of(change, SPOT, 5) == BookChange(7, 157, 160, -1, [(0.0024, 10.0)], [])


@pytest.mark.parametrize("message", [{"e": "unheardOf"}, {"e": "aggTrade"}, {"result": None, "id": 1}])
def test_messages_of_no_known_form_are_refused(message: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError)):
        event_of(message, SPOT, 5)


def test_every_exchange_with_candles_has_live_data() -> None:
    assert STREAMS.keys() == HISTORIES.keys() - {"yahoo", "alpaca"}
    for venue, module in STREAMS.items():
        assert venue in import_module(module).VENUES
