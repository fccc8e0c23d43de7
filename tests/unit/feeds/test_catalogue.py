"""Every vendor's folder has the same files, every series a row in the table of inputs, and the page says the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from karat.app.feeds import FEEDS, chosen_feeds, declared_sources
from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.inputs import find_input, known_inputs, wanted_input
from karat.core.time import HOUR_MS
from karat.feeds.demo.symbols import DEMO_SYMBOLS

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "src" / "karat" / "feeds"
PAGE = (ROOT / "docs" / "feeds.md").read_text("utf-8")
ENDPOINTS = [(feed, one) for feed in FEEDS for one in feed.endpoints]


def test_every_vendor_has_the_files_of_the_template() -> None:
    wanted = {path.name for path in (FOLDER / "_template").glob("*.py")} & {"endpoints.py", "parsing.py", "feed.py"}
    assert len(wanted) == 3
    for feed in FEEDS:
        have = {path.name for path in (FOLDER / feed.name).glob("*.py")}
        assert wanted <= have, feed.name


def test_every_endpoint_has_a_table_of_its_own_with_a_declared_delay() -> None:
    names = [one.series for _, one in ENDPOINTS]
    assert len(set(names)) == len(names)
    for feed, one in ENDPOINTS:
        known = find_input(one.series)
        assert known.column in dict(one.columns) or known.kind == "news", one.series
        assert known.key in ("", *one.keys), one.series
        assert one.fresh_for_ms >= max(one.every_ms, known.covers_ms), f"{feed.name} {one.series} could never be fresh"
        assert one.documentation.startswith("https://"), one.series


def test_no_vendor_is_asked_of_a_simulated_market() -> None:
    invented, real = {DEMO_SYMBOLS[0]: "AURUM"}, {MarketId("binance_perp:BTCUSDT"): "BTC"}
    assert declared_sources(invented) == declared_sources({})
    assert declared_sources(invented | real) == declared_sources(real)
    assert len(declared_sources(real)) > len(declared_sources({})) > 0


def test_macro_series_are_asked_for_at_most_once_an_hour() -> None:
    macro = [one for feed, one in ENDPOINTS if feed.name in ("yahoo", "fred")]
    assert len(macro) == 11 and all(one.every_ms == HOUR_MS for one in macro)


def test_the_page_names_every_series_and_what_was_not_verified() -> None:
    lines = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| ") and "`" in line}
    for feed, one in ENDPOINTS:
        assert one.series in lines, one.series
        said = "*not verified*" in lines[one.series]
        assert said is not one.verified, f"{feed.name} {one.series}"


def test_what_a_strategy_may_ask_for_is_understood_or_refused_by_name() -> None:
    liquidations = wanted_input("liquidations.long_usd")
    assert (liquidations.input.kind, liquidations.column, liquidations.key) == ("liquidations", "long_usd", "")
    by_exchange = wanted_input("coinglass_funding_by_exchange@Binance coin-margined")
    assert (by_exchange.column, by_exchange.key) == ("value", "Binance coin-margined")
    for text in ("coinglass_funding_by_exchange", "vix@NYSE", "vox", "", "Vix"):
        with pytest.raises(InputError) as refused:
            wanted_input(text)
        assert refused.value.code == "unknown_input" and refused.value.hint, text


def test_names_are_unique_and_without_a_key_a_feed_is_left_out_by_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len({one.name for one in known_inputs()}) == len(known_inputs())
    monkeypatch.setenv("KARAT_COINGLASS_KEY", "secret")
    for name in ("FRED", "CRYPTOQUANT"):
        monkeypatch.delenv(f"KARAT_{name}_KEY", raising=False)
    feeds, lines = chosen_feeds(())
    assert {feed.name for feed in FEEDS} - {feed.name for feed in feeds} == {"fred", "cryptoquant"}
    assert lines[0] == "fred is left out: it needs a key. Set KARAT_FRED_KEY." and len(lines) == 2
