"""What Coinglass can be asked: one row per data type, each with a table of its own, every four hours.

Paths, parameters and fields are those of the vendor's documentation (coinglass-api/coinglass-api-docs at 2639758, the
same pages as docs.coinglass.com). Four hours is the finest interval that its smallest plan gives.
"""

from __future__ import annotations

from collections.abc import Mapping

from karat.core.model.table import Kind
from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds.coinglass.parsing import funding_of_exchanges, heat_map, options_of_exchanges
from karat.feeds.endpoint import Endpoint, Parser
from karat.feeds.shapes import records, side_by_side

EVERY_MS = 4 * HOUR_MS
_RECENT_MS, _DAILY_MS, _ETF_MS = 13 * HOUR_MS, 3 * DAY_MS, 6 * DAY_MS  # ETFs have weekends
_EXCHANGES = "Binance,OKX,Bybit"
_COIN = {"symbol": "{coin}", "interval": "4h", "limit": "1000"}
_COIN_LIST = {**_COIN, "exchange_list": _EXCHANGES}
_PAIR = {"exchange": "Binance", "symbol": "{coin}USDT", "interval": "4h", "limit": "1000"}
_NOW = {"symbol": "{coin}"}
_OHLC = {"open": "open", "high": "high", "low": "low", "value": "close"}
_PAGES = "https://docs.coinglass.com/reference"


def _rows(
    series: str,
    path: str,
    page: str,
    fields: Mapping[str, str],
    parameters: Mapping[str, str],
    *,
    time: str | None = "time",
    texts: Mapping[str, str] | None = None,
    fresh_for_ms: int = _RECENT_MS,
) -> Endpoint:
    """A list of objects: numbers by their field, texts as keys."""
    columns = tuple((name, "text") for name in texts or {}) + tuple((name, "f8") for name in fields)
    keys = tuple(texts or ())
    return _asked(series, path, page, columns, records(fields, time, texts), parameters, keys, fresh_for_ms)


def _lists(series: str, path: str, page: str) -> Endpoint:
    """Times and values side by side, a value a day."""
    parse = side_by_side({"value": "data_list"}, "time_list")
    return _asked(series, path, page, (("value", "f8"),), parse, {}, (), _DAILY_MS)


def _asked(
    series: str,
    path: str,
    page: str,
    columns: tuple[tuple[str, Kind], ...],
    parse: Parser,
    parameters: Mapping[str, str],
    keys: tuple[str, ...] = (),
    fresh_for_ms: int = _RECENT_MS,
) -> Endpoint:
    return Endpoint(
        series=f"coinglass_{series}",
        path=f"/api/{path}",
        columns=columns,
        parse=parse,
        every_ms=EVERY_MS,
        fresh_for_ms=fresh_for_ms,
        documentation=f"{_PAGES}/{page}",
        parameters=parameters,
        keys=keys,
    )


def _ratio(series: str, path: str, page: str, prefix: str) -> Endpoint:
    fields = {
        "value": f"{prefix}_long_short_ratio",
        "long_percent": f"{prefix}_long_percent",
        "short_percent": f"{prefix}_short_percent",
    }
    return _rows(series, f"futures/{path}/history", page, fields, _PAIR)


_OPEN_INTEREST = (
    _rows("open_interest", "futures/open-interest/aggregated-history", "oi-ohlc-aggregated-history", _OHLC, _COIN),
    _rows(
        "open_interest_by_exchange",
        "futures/open-interest/exchange-list",
        "oi-exchange-list",
        {"value": "open_interest_usd", "coins": "open_interest_quantity"},
        _NOW,
        time=None,
        texts={"exchange": "exchange"},
    ),
    _rows(
        "open_interest_coin_margin",
        "futures/open-interest/aggregated-coin-margin-history",
        "oi-ohlc-aggregated-coin-margin-history",
        _OHLC,
        _COIN_LIST,
    ),
    _rows(
        "open_interest_stablecoin_margin",
        "futures/open-interest/aggregated-stablecoin-history",
        "oi-ohlc-aggregated-stablecoin-margin-history",
        _OHLC,
        _COIN_LIST,
    ),
)
_FUNDING_COLUMNS: tuple[tuple[str, Kind], ...] = (("exchange", "text"), ("value", "f8"))
_FUNDING = (
    _asked(
        "funding_by_exchange",
        "futures/funding-rate/exchange-list",
        "fr-exchange-list",
        _FUNDING_COLUMNS,
        funding_of_exchanges,
        {},
        ("exchange",),
    ),
    _rows("funding_oi_weighted", "futures/funding-rate/oi-weight-history", "oi-weight-ohlc-history", _OHLC, _COIN),
    _rows(
        "funding_volume_weighted", "futures/funding-rate/vol-weight-history", "vol-weight-ohlc-history", _OHLC, _COIN
    ),
    _asked(
        "funding_cumulative",
        "futures/funding-rate/accumulated-exchange-list",
        "cumulative-exchange-list",
        _FUNDING_COLUMNS,
        funding_of_exchanges,
        {"range": "7d"},
        ("exchange",),
    ),
)
_LONG_SHORT = (
    _ratio("long_short_global", "global-long-short-account-ratio", "global-longshort-account-ratio", "global_account"),
    _ratio("long_short_top_accounts", "top-long-short-account-ratio", "top-longshort-account-ratio", "top_account"),
    _ratio("long_short_top_positions", "top-long-short-position-ratio", "top-longshort-position-ratio", "top_position"),
    _rows(
        "taker_volume",
        "futures/v2/taker-buy-sell-volume/history",
        "taker-buysell-volume",
        {"value": "taker_buy_volume_usd", "sold_usd": "taker_sell_volume_usd"},
        _PAIR,
    ),
)
_LIQUIDATIONS = (
    _rows(
        "liquidations_pair",
        "futures/liquidation/history",
        "liquidation-history",
        {"value": "long_liquidation_usd", "short_usd": "short_liquidation_usd"},
        _PAIR,
    ),
    _rows(
        "liquidations_coin",
        "futures/liquidation/aggregated-history",
        "aggregated-liquidation-history",
        {"value": "aggregated_long_liquidation_usd", "short_usd": "aggregated_short_liquidation_usd"},
        _COIN_LIST,
    ),
    _rows(
        "liquidations_by_exchange",
        "futures/liquidation/exchange-list",
        "liquidation-exchange-list",
        {"value": "liquidation_usd", "long_usd": "long_liquidation_usd", "short_usd": "short_liquidation_usd"},
        {**_NOW, "range": "4h"},
        time=None,
        texts={"exchange": "exchange"},
    ),
    _asked(
        "liquidation_heat_map",
        "futures/liquidation/heatmap/model1",
        "liquidation-heatmap",
        (("candle", "i8"), ("price", "f8"), ("value", "f8")),
        heat_map,
        {"exchange": "Binance", "symbol": "{coin}USDT", "range": "3d"},
        ("candle", "price"),
    ),
)
_ORDER_BOOK = (
    _rows(
        "order_book_range",
        "futures/orderbook/ask-bids-history",
        "futures-orderbook-history",
        {"value": "bids_usd", "asks_usd": "asks_usd", "bids": "bids_quantity", "asks": "asks_quantity"},
        {**_PAIR, "range": "1"},
    ),
    _rows(
        "large_orders",
        "futures/orderbook/large-limit-order",
        "large-orderbook",
        {"price": "price", "value": "current_usd_value", "side": "order_side", "state": "order_state"},
        {"exchange": "Binance", "symbol": "{coin}USDT"},
        time="current_time",
        texts={"order": "id"},
    ),
)
_OPTIONS = (
    _rows(
        "options_info",
        "option/info",
        "info",
        {"value": "open_interest_usd", "open_interest": "open_interest", "volume_usd": "volume_usd_24h"},
        _NOW,
        time=None,
        texts={"exchange": "exchange_name"},
    ),
    _asked(
        "options_open_interest",
        "option/exchange-oi-history",
        "exchange-open-interest-history",
        (("exchange", "text"), ("value", "f8")),
        options_of_exchanges,
        {**_NOW, "unit": "USD", "range": "4h"},
        ("exchange",),
    ),
)
_MARKET = (
    _rows(
        "exchange_balance",
        "exchange/balance/list",
        "exchange-balance-list",
        {"value": "total_balance", "change_1d": "balance_change_1d"},
        _NOW,
        time=None,
        texts={"exchange": "exchange_name"},
    ),
    _rows(
        "etf_flow",
        "etf/bitcoin/flow-history",
        "etf-flows-history",
        {"value": "flow_usd", "price_usd": "price_usd"},
        {},
        time="timestamp",
        fresh_for_ms=_ETF_MS,
    ),
    _lists("fear_greed", "index/fear-greed-history", "cryptofear-greedindex"),
    _rows(
        "btc_dominance",
        "index/bitcoin-dominance",
        "bitcoin-dominance",
        {"value": "bitcoin_dominance", "market_cap_usd": "market_cap"},
        {},
        time="timestamp",
        fresh_for_ms=_DAILY_MS,
    ),
    _rows(
        "altcoin_season",
        "index/altcoin-season",
        "altcoin-season-index",
        {"value": "altcoin_index", "market_cap_usd": "altcoin_marketcap"},
        {},
        time="timestamp",
        fresh_for_ms=_DAILY_MS,
    ),
    _lists("stablecoin_market_cap", "index/stableCoin-marketCap-history", "stablecoin-marketcap-history"),
    _rows(
        "coinbase_premium",
        "coinbase-premium-index",
        "coinbase-premium-index",
        {"value": "premium_rate", "premium_usd": "premium"},
        {"interval": "4h", "limit": "1000"},
    ),
)
_ON_CHAIN = (
    _rows(
        "whale_transfers",
        "chain/v2/whale-transfer",
        "whale-transfer",
        {"value": "amount_usd", "quantity": "asset_quantity"},
        _NOW,
        time="block_timestamp",
        texts={
            "transaction": "transaction_hash",
            "asset": "asset_symbol",
            "sender": "from",
            "receiver": "to",
            "chain": "blockchain_name",
        },
        fresh_for_ms=DAY_MS,
    ),
)
ENDPOINTS = (*_OPEN_INTEREST, *_FUNDING, *_LONG_SHORT, *_LIQUIDATIONS, *_ORDER_BOOK, *_OPTIONS, *_MARKET, *_ON_CHAIN)
