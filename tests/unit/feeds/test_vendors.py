"""Every vendor on loopback, answering as its documentation shows: what is asked, and what becomes of the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest
from tests.fakes.clock import JumpingClock
from tests.fakes.vendor_server import Answer, VendorServer
from tests.unit.feeds import payloads

from karat.core.errors import KaratError, NeedsOperator, RetryLater
from karat.core.ids import MarketId
from karat.core.model.table import AVAILABLE
from karat.feeds.alternative_me import feed as alternative_me
from karat.feeds.binance_derivatives import feed as binance_derivatives
from karat.feeds.coingecko import feed as coingecko
from karat.feeds.coinglass import feed as coinglass
from karat.feeds.cryptoquant import feed as cryptoquant
from karat.feeds.defillama import feed as defillama
from karat.feeds.endpoint import HttpSource
from karat.feeds.fred import feed as fred
from karat.feeds.news import feed as news
from karat.feeds.yahoo import feed as yahoo
from karat.ports.source import Observations

BTC = {MarketId("binance_perp:BTCUSDT"): "BTC"}
NOW = payloads.T + 60_000
FEEDS = [
    alternative_me,
    binance_derivatives,
    coingecko,
    coinglass,
    cryptoquant,
    defillama,
    fred,
    news,
    yahoo,
]


@asynccontextmanager
async def opened(module: ModuleType, *, key: str = "", path: str = "") -> AsyncIterator[tuple[VendorServer, Any]]:
    """A vendor that answers, and its sources by series."""
    async with VendorServer() as server:
        vendor, sources = module.FEED.open(JumpingClock(NOW), BTC, url=server.url + path, key=key, request_seconds=0.25)
        async with vendor:
            yield server, {one.spec.name.split("/")[1]: one for one in sources}


async def fetched(source: HttpSource, since: int | None = None) -> Observations:
    rows = await source.fetch(NOW, since)
    assert set(rows) == set(source.spec.schema.names) - {AVAILABLE}
    assert len({len(column) for column in rows.values()}) == 1
    return rows


async def failure(source: HttpSource) -> KaratError:
    with pytest.raises(KaratError) as caught:
        await source.fetch(NOW, None)
    return caught.value


async def test_every_coinglass_type_has_a_table_of_its_own_and_reads_as_documented() -> None:
    async with opened(coinglass, key="secret") as (server, sources):
        for path, payload in payloads.COINGLASS.items():
            server.answers(path, {"code": "0", "msg": "success", "data": payload})
        assert len(sources) == len(payloads.COINGLASS) == len({one.spec.table for one in sources.values()}) == 28
        for source in sources.values():
            rows = await fetched(source)
            assert len(rows["ts"]) > 0, source.spec.name
            assert all(isinstance(one, int) and one > 1_600_000_000_000 for one in rows["ts"]), source.spec.name
        assert {one.headers["cg-api-key"] for one in server.requests} == {"secret"}
        assert all(one.spec.every_ms == 4 * payloads.HOUR for one in sources.values())


async def test_coinglass_values_land_in_their_columns() -> None:
    async with opened(coinglass, key="secret") as (server, sources):
        for path, payload in payloads.COINGLASS.items():
            server.answers(path, {"code": "0", "data": payload})
        assert (await fetched(sources["coinglass_open_interest"]))["value"][0] == 2608846475.0
        funding = await fetched(sources["coinglass_funding_by_exchange"])
        assert funding["exchange"] == ["Binance", "OKX", "Binance coin-margined"]
        assert funding["value"] == [0.007343, 0.00736901950628, -0.001829] and set(funding["ts"]) == {NOW}
        heat = await fetched(sources["coinglass_liquidation_heat_map"])
        assert (heat["candle"], heat["price"]) == ([1722676500000, 1722676800000], [48031.46, 47968.54])
        options = await fetched(sources["coinglass_options_open_interest"])
        assert options["exchange"] == ["huobi", "huobi", "gate", "gate"] and options["value"][3] != options["value"][3]
        premium = await fetched(sources["coinglass_coinbase_premium"])
        assert premium["ts"][0] % payloads.FOUR_HOURS == 0


async def test_binance_statistics_and_funding_read_as_documented() -> None:
    async with opened(binance_derivatives) as (server, sources):
        for path, payload in payloads.BINANCE.items():
            server.answers(path, payload)
        got = {name: await fetched(source, payloads.T) for name, source in sources.items()}
        assert len(got) == 8
        assert got["binance_open_interest"]["usd"][0] == 150570784.07809979
        assert got["binance_premium_index"]["value"] == [-0.00043659, -0.00042931]
        assert got["binance_funding"]["ts"][0] == payloads.MIDNIGHT, "snapped to the minute"
        assert got["binance_taker_volume"]["sold"] == [248.503, 248.503]
        assert server.asked("/fapi/v1/fundingRate")[0]["startTime"] == str(payloads.T)
        basis = {"pair": "BTCUSDT", "contractType": "PERPETUAL", "period": "1h", "limit": "500"}
        assert server.asked("/futures/data/basis") == [basis]


async def test_binance_is_asked_about_its_own_markets_only() -> None:
    _, sources = binance_derivatives.FEED.open(JumpingClock(NOW), {MarketId("bybit_perp:BTCUSDT"): "BTC"})
    assert sources == ()


async def test_fear_and_greed_is_asked_for_whole_once_and_for_its_end_later() -> None:
    async with opened(alternative_me) as (server, sources):
        server.answers("/fng/", payloads.fear_greed(30, 41))
        rows = await fetched(sources["fear_greed"])
        assert dict(zip(rows["ts"], rows["value"], strict=True)) == {
            payloads.MIDNIGHT: 41.0,
            payloads.MIDNIGHT - payloads.DAY: 30.0,
        }
        await fetched(sources["fear_greed"], payloads.MIDNIGHT)
        assert [one["limit"] for one in server.asked("/fng/")] == ["0", "30"]


async def test_yahoo_closes_carry_the_date_of_their_exchange() -> None:
    async with opened(yahoo) as (server, sources):
        for symbol in ("GC=F", "^VIX", "^GSPC", "DX-Y.NYB"):
            server.answers(f"/v8/finance/chart/{symbol}", payloads.yahoo(23.3, None, 27.8))
        for name in ("yahoo_gold", "yahoo_vix", "yahoo_sp500", "dxy"):
            rows = await fetched(sources[name])
            assert rows["ts"] == [payloads.MIDNIGHT - payloads.DAY * back for back in (2, 1, 0)]
            assert rows["value"][1] != rows["value"][1] and rows["value"][2] == 27.8


async def test_fred_coingecko_defillama_and_cryptoquant_read_their_shapes() -> None:
    async with opened(fred, key="secret") as (server, sources):
        server.answers("/fred/series/observations", payloads.FRED)
        rows = await fetched(sources["vix"])
        assert rows["value"][0] == 23.37 and rows["value"][1] != rows["value"][1]
        asked = server.asked("/fred/series/observations")[0]
        assert (asked["series_id"], asked["api_key"], asked["limit"]) == ("VIXCLS", "secret", "100000")
    async with opened(coingecko) as (server, sources):
        server.answers("/api/v3/global", payloads.COINGECKO)
        assert (await fetched(sources["coingecko_dominance"]))["value"] == [50.4465263233584]
    async with opened(defillama) as (server, sources):
        server.answers("/stablecoincharts/all", payloads.DEFILLAMA)
        assert (await fetched(sources["stablecoin_supply"]))["value"] == [2.2e11] * 3
    async with opened(cryptoquant, key="secret") as (server, sources):
        server.answers("/v1/btc/market-indicator/mvrv", payloads.cryptoquant("mvrv"))
        assert (await fetched(sources["mvrv"]))["value"][0] == 0.5379
        assert server.requests[0].headers["authorization"] == "Bearer secret"


async def test_headlines_come_with_link_and_time() -> None:
    async with opened(news, path="/rss") as (server, sources):
        server.answers("/rss", payloads.RSS)
        rows = await fetched(sources["news"])
        assert rows["title"] == ["Bitcoin & Ether rise", "Markets wait"]
        assert rows["ts"][1] == rows["ts"][0] + 15 * 60_000
        server.answers("/moved", payloads.RSS.replace("09:30:00 +0000", "09:30:00 -0000"))
        server.answers("/rss", Answer(status=301, headers={"Location": "/moved"}), payloads.RSS)
        assert (await fetched(sources["news"]))["ts"] == rows["ts"]
        server.answers("/rss", '<!DOCTYPE x [<!ENTITY a "b">]>' + payloads.RSS)
        assert (await failure(sources["news"])).code == "vendor_garbage"


@pytest.mark.parametrize("module", [coinglass, fred, cryptoquant], ids=lambda one: one.FEED.name)
async def test_a_missing_key_is_one_line_and_nothing_is_asked(module: ModuleType) -> None:
    async with opened(module) as (server, sources):
        error = await failure(next(iter(sources.values())))
        assert isinstance(error, NeedsOperator) and error.code == "key_missing"
        assert str(error) == f"{module.FEED.name} needs a key. Set {module.FEED.key_setting}."
        assert server.requests == []


@pytest.mark.parametrize(
    ("module", "answer"),
    [
        (coinglass, Answer({"code": "401", "msg": "Upgrade plan"})),
        (coinglass, Answer({"code": "400", "msg": "API key missing."})),
        (coinglass, Answer("", 401)),
        (fred, Answer({"error_code": 400, "error_message": "The value for variable api_key is not registered."}, 400)),
        (cryptoquant, Answer({"status": {"code": 403, "message": "Forbidden"}})),
    ],
)
async def test_a_refused_key_is_one_line_that_never_shows_the_key(module: ModuleType, answer: Answer) -> None:
    async with opened(module, key="hush-hush") as (server, sources):
        source: HttpSource = next(iter(sources.values()))
        server.answers(source._endpoint.path, answer)
        error = await failure(source)
        assert isinstance(error, NeedsOperator) and error.code == "key_refused"
        assert module.FEED.key_setting in str(error) and "hush" not in str(error) and "\n" not in str(error)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer.garbage(), "vendor_garbage"),
        (Answer({"data": [{"value": "much", "timestamp": "1741564800"}]}), "vendor_garbage"),
        (Answer({"data": [{"value": "41"}]}), "vendor_garbage"),
        (Answer({"data": 7}), "vendor_garbage"),
        (Answer([]), "vendor_garbage"),
        (Answer({"metadata": {"error": "no"}, "data": []}), "vendor_garbage"),
        (Answer("", 404), "vendor_garbage"),
        (Answer("", 502), "vendor_down"),
        (Answer.hang_up(), "vendor_down"),
        (Answer.never(), "vendor_down"),
        (Answer.busy(3600), "vendor_busy"),
        (Answer.busy(None, 503), "vendor_busy"),
    ],
)
async def test_whatever_a_vendor_does_is_an_error_by_name(answer: Answer, code: str) -> None:
    async with opened(alternative_me) as (server, sources):
        server.answers("/fng/", answer)
        error = await failure(sources["fear_greed"])
        assert isinstance(error, RetryLater) and error.code == code
        assert "alternative_me" in str(error) and "\n" not in str(error)


async def test_a_short_wait_is_waited_and_a_long_one_is_kept() -> None:
    async with VendorServer() as server:
        clock = JumpingClock(NOW)
        vendor, (source,) = alternative_me.FEED.open(clock, BTC, url=server.url)
        async with vendor:
            server.answers("/fng/", Answer.busy(2), payloads.fear_greed(41))
            assert (await source.fetch(NOW, None))["value"] == [41.0] and clock.slept == [2.0]
            server.answers("/fng/", Answer.busy("Mon, 10 Mar 2025 11:01:00 GMT"), payloads.fear_greed(42))
            error = await failure(source)
            assert error.retry_ms == NOW + 3_600_000  # type: ignore[attr-defined]
            before = len(server.requests)
            assert (await failure(source)).code == "vendor_busy" and len(server.requests) == before
            clock.now += 3_600_000
            assert (await source.fetch(clock.now_ms(), None))["value"] == [42.0]


def test_nobody_answers_at_an_address_where_nobody_listens() -> None:
    assert all(one.FEED.base_url.startswith("https://") for one in FEEDS)
