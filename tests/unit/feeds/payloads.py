"""What vendors answer, as their documentation shows it: one payload per endpoint, with values as on the page cited.

Coinglass: github.com/coinglass-api/coinglass-api-docs at 2639758, one page per endpoint, the same as
docs.coinglass.com/reference/<page>. Binance: developers.binance.com/docs/derivatives/usds-margined-futures/market-data/
rest-api/<page>. CoinGecko: docs.coingecko.com/reference/crypto-global. CryptoQuant: the envelope of
docs.cryptoquant.com/api-reference (shown there for other series). alternative.me, DefiLlama, FRED, Yahoo: the vendors'
pages could not be read; the shapes are those that public users of each service rely on.
"""

from __future__ import annotations

from typing import Any

T = 1_741_600_800_000  # 2025-03-10T10:00:00Z
HOUR, FOUR_HOURS, DAY = 3_600_000, 14_400_000, 86_400_000
MIDNIGHT = T // DAY * DAY


def candles(values: tuple[str, str, str, str], step: int = FOUR_HOURS, count: int = 3) -> list[dict[str, Any]]:
    """OHLC as Coinglass gives it; the last one is not over at T."""
    names = ("open", "high", "low", "close")
    times = [T // step * step - step * back for back in range(count)][::-1]
    return [{"time": time, **dict(zip(names, values, strict=True))} for time in times]


def rows(time: str, fields: dict[str, Any], step: int = FOUR_HOURS, in_seconds: bool = False) -> list[dict[str, Any]]:
    times = [T // step * step - step * back for back in (2, 1, 0)]
    return [{time: one // 1000 if in_seconds else one, **fields} for one in times]


_OI = ("2644845344", "2692643311", "2576975597", "2608846475")
_RATE = ("0.004603", "0.009388", "-0.005063", "0.009229")
_MARGINS = {
    "symbol": "BTC",
    "stablecoin_margin_list": [
        {"exchange": "Binance", "funding_rate_interval": 8, "funding_rate": 0.007343, "next_funding_time": T},
        {"exchange": "OKX", "funding_rate_interval": 8, "funding_rate": 0.00736901950628, "next_funding_time": T},
    ],
    "token_margin_list": [
        {"exchange": "Binance", "funding_rate_interval": 8, "funding_rate": -0.001829, "next_funding_time": T}
    ],
}


def _ratio(prefix: str) -> list[dict[str, Any]]:
    fields = {"long_percent": 73.88, "short_percent": 26.12, "long_short_ratio": 2.83}
    return rows("time", {f"{prefix}_{name}": value for name, value in fields.items()})


COINGLASS: dict[str, Any] = {
    "/api/futures/open-interest/aggregated-history": candles(_OI),
    "/api/futures/open-interest/exchange-list": [
        {"exchange": "All", "symbol": "BTC", "open_interest_usd": 57437891724.5572, "open_interest_quantity": 659557.3},
        {"exchange": "CME", "symbol": "BTC", "open_interest_usd": 12294999402.5, "open_interest_quantity": 141275.5},
    ],
    "/api/futures/open-interest/aggregated-coin-margin-history": candles(_OI),
    "/api/futures/open-interest/aggregated-stablecoin-history": candles(_OI),
    "/api/futures/funding-rate/exchange-list": [_MARGINS, {**_MARGINS, "symbol": "ETH"}],
    "/api/futures/funding-rate/oi-weight-history": candles(_RATE),
    "/api/futures/funding-rate/vol-weight-history": candles(_RATE),
    "/api/futures/funding-rate/accumulated-exchange-list": [_MARGINS],
    "/api/futures/global-long-short-account-ratio/history": _ratio("global_account"),
    "/api/futures/top-long-short-account-ratio/history": _ratio("top_account"),
    "/api/futures/top-long-short-position-ratio/history": _ratio("top_position"),
    "/api/futures/v2/taker-buy-sell-volume/history": rows(
        "time", {"taker_buy_volume_usd": "414120141.0714", "taker_sell_volume_usd": "350417509.655"}
    ),
    "/api/futures/liquidation/history": rows(
        "time", {"long_liquidation_usd": "2369935.19562", "short_liquidation_usd": "6947459.43674"}
    ),
    "/api/futures/liquidation/aggregated-history": rows(
        "time",
        {"aggregated_long_liquidation_usd": 5916885.14234, "aggregated_short_liquidation_usd": 12969583.87632},
    ),
    "/api/futures/liquidation/exchange-list": [
        {
            "exchange": name,
            "liquidation_usd": 14673519.8,
            "long_liquidation_usd": 451394.17,
            "short_liquidation_usd": 14222125.6,
        }
        for name in ("All", "Bybit")
    ],
    "/api/futures/liquidation/heatmap/model1": {
        "y_axis": [47968.54, 48000.00, 48031.46],
        "liquidation_leverage_data": [[0, 2, 2288867.26], [1, 0, 318624.82]],
        "price_candlesticks": [
            [1722676500, "61486", "61596.4", "61434.4", "61539.9", "63753192.1129"],
            [1722676800, "61539.9", "61610.0", "61480.0", "61590.5", "42311820.8720"],
        ],
    },
    "/api/futures/orderbook/ask-bids-history": rows(
        "time", {"bids_usd": 81639959.9, "bids_quantity": 1276.6, "asks_usd": 78533053.7, "asks_quantity": 1217.1}
    ),
    "/api/futures/orderbook/large-limit-order": [
        {
            "id": 2868159989,
            "exchange_name": "Binance",
            "symbol": "BTCUSDT",
            "price": 56932,
            "current_usd_value": 1068844.21,
            "current_time": T - 60_000,
            "order_side": 2,
            "order_state": 1,
        }
    ],
    "/api/option/info": [
        {
            "exchange_name": name,
            "open_interest": 361038.78,
            "open_interest_usd": 31623069708.1,
            "volume_usd_24h": 2764676957.1,
        }
        for name in ("All", "Deribit")
    ],
    "/api/option/exchange-oi-history": [
        {
            "time_list": [T // FOUR_HOURS * FOUR_HOURS - FOUR_HOURS * back for back in (2, 1)],
            "price_list": [29140.9, 29141.0],
            "data_map": {"huobi": [15167.03527, 15168.0], "gate": [23412.723, None]},
        }
    ],
    "/api/exchange/balance/list": [
        {"exchange_name": "Coinbase", "total_balance": 716590.351233, "balance_change_1d": 638.797302},
        {"exchange_name": "Binance", "total_balance": 582344.497738, "balance_change_1d": 505.682778},
    ],
    "/api/etf/bitcoin/flow-history": rows("timestamp", {"flow_usd": 655300000, "price_usd": 46663}, DAY),
    "/api/index/fear-greed-history": [
        {
            "data_list": [41, 42.0],
            "price_list": [4788636.51145, 1.0],
            "time_list": [(MIDNIGHT - 2 * DAY) // 1000, (MIDNIGHT - DAY) // 1000],
        }
    ],
    "/api/index/bitcoin-dominance": rows(
        "timestamp", {"price": 139, "bitcoin_dominance": 94.3595, "market_cap": 1545031856}, DAY
    ),
    "/api/index/altcoin-season": rows("timestamp", {"altcoin_index": 96, "altcoin_marketcap": 0}, DAY),
    "/api/index/stableCoin-marketCap-history": [
        {
            "data_list": [4611285.1141, 4611286.0],
            "price_list": [1.0, 1.0],
            "time_list": [(MIDNIGHT - 2 * DAY) // 1000, (MIDNIGHT - DAY) // 1000],
        }
    ],
    "/api/coinbase-premium-index": rows("time", {"premium": 5.55, "premium_rate": 0.0261}, in_seconds=True),
    "/api/chain/v2/whale-transfer": [
        {
            "transaction_hash": hash_,
            "amount_usd": "18403606.873493258",
            "asset_quantity": "10081.791421235566",
            "asset_symbol": "WETH",
            "from": "unknown wallet",
            "to": "unknown wallet",
            "blockchain_name": "ethereum",
            "block_height": 22402402,
            "block_timestamp": T // 1000 - 600,
        }
        for hash_ in ("0x910ade7323eae570", "7b1fa0327a1e68fb")
    ],
}


def _statistic(**fields: str) -> list[dict[str, Any]]:
    return [{"symbol": "BTCUSDT", **fields, "timestamp": str(T - HOUR * back)} for back in (2, 1)]


_SIDES = {"longShortRatio": "1.8105", "longAccount": "0.6442", "shortAccount": "0.3558"}
BINANCE: dict[str, Any] = {
    "/fapi/v1/fundingRate": [
        {
            "symbol": "BTCUSDT",
            "fundingRate": "-0.03750000",
            "fundingTime": MIDNIGHT + 3,
            "markPrice": "34287.54619963",
        },
        {"symbol": "BTCUSDT", "fundingRate": "0.00010000", "fundingTime": MIDNIGHT + 8 * HOUR, "markPrice": ""},
    ],
    "/futures/data/openInterestHist": _statistic(
        sumOpenInterest="20403.63700000", sumOpenInterestValue="150570784.07809979"
    ),
    "/futures/data/globalLongShortAccountRatio": _statistic(**_SIDES),
    "/futures/data/topLongShortAccountRatio": _statistic(**_SIDES),
    "/futures/data/topLongShortPositionRatio": _statistic(**_SIDES),
    "/futures/data/takerlongshortRatio": _statistic(buySellRatio="1.5586", buyVol="387.3300", sellVol="248.5030"),
    "/fapi/v1/premiumIndexKlines": [
        [T - 2 * HOUR, "-0.00042931", "-0.00023641", "-0.00059406", "-0.00043659", "0", T - HOUR - 1, "0", 12, "0"],
        [T - HOUR, "-0.00043659", "-0.00023641", "-0.00059406", "-0.00042931", "0", T - 1, "0", 12, "0"],
    ],
    "/futures/data/basis": [
        {
            "indexPrice": "34400.15945055",
            "contractType": "PERPETUAL",
            "basisRate": "0.0004",
            "futuresPrice": "34414.10",
            "annualizedBasisRate": "",
            "basis": "13.94054945",
            "pair": "BTCUSDT",
            "timestamp": T - 2 * HOUR,
        }
    ],
}


def fear_greed(*values: int, last: int = MIDNIGHT) -> dict[str, Any]:
    """One value a day, the newest first."""
    listed = [
        {"value": str(value), "value_classification": "Fear", "timestamp": str((last - DAY * back) // 1000)}
        for back, value in enumerate(values[::-1])
    ]
    return {"name": "Fear and Greed Index", "data": listed, "metadata": {"error": None}}


def yahoo(*closes: float | None, offset: int = -14400) -> dict[str, Any]:
    """Sessions that open at 13:30 UTC, one a day, the last today's."""
    opens = [(MIDNIGHT - DAY * back) // 1000 + 48_600 for back in range(len(closes))][::-1]
    result = {"meta": {"gmtoffset": offset}, "timestamp": opens, "indicators": {"quote": [{"close": list(closes)}]}}
    return {"chart": {"result": [result], "error": None}}


FRED = {
    "observations": [
        {"realtime_start": "2025-03-10", "realtime_end": "2025-03-10", "date": "2025-03-07", "value": "23.37"},
        {"realtime_start": "2025-03-10", "realtime_end": "2025-03-10", "date": "2025-03-06", "value": "."},
    ]
}
COINGECKO = {
    "data": {
        "total_market_cap": {"btc": 39003738.0847159, "usd": 2721226850772.63},
        "market_cap_percentage": {"btc": 50.4465263233584, "eth": 14.9228066918211},
        "updated_at": T // 1000 - 300,
    }
}
DEFILLAMA = [
    {"date": str((MIDNIGHT - DAY * back) // 1000), "totalCirculatingUSD": {"peggedUSD": 2.2e11, "peggedEUR": 1e8}}
    for back in (2, 1, 0)
]


def cryptoquant(field: str) -> dict[str, Any]:
    data = [{"date": "2025-03-09", field: 0.5379}, {"date": "2025-03-08", field: None}]
    return {"status": {"code": 200, "message": "success"}, "result": {"window": "day", "data": data}}


RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>News</title>
<item><title>Bitcoin &amp; Ether rise</title><link>https://example.com/1</link>
<pubDate>Mon, 10 Mar 2025 09:30:00 +0000</pubDate></item>
<item><title>Markets   wait</title><link>https://example.com/2</link>
<pubDate>Mon, 10 Mar 2025 10:45:00 +0100</pubDate></item>
</channel></rss>"""
