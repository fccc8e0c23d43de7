"""The instrument table: what it holds, where each figure comes from, and that it agrees with the recorded candles."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from karat.core.ids import market_id
from karat.core.instruments import find, known_markets
from karat.core.model.instrument import Kind


def shared_files(shared: Path, venue: str) -> list[Path]:
    found = [
        *(shared / "data/candles" / venue).rglob("*.parquet"),
        *(shared / "data/equities" / venue).rglob("*.parquet"),
    ]
    assert found, f"no recorded candles of {venue}"
    return sorted(found)


def test_every_row_cites_a_source_and_a_date_for_grid_fees_and_margin() -> None:
    for market in known_markets():
        row = find(market)
        assert row is not None
        assert re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", row.as_of)
        if not market.startswith("simulated:"):
            for group in ("grid", "fees", "margin"):
                assert re.search(rf"{group} \(20[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}(, assumed)?\): \S", row.source), market


def test_figures_are_sane_in_every_row() -> None:
    for market in known_markets():
        row = find(market)
        assert row is not None and row.market == market
        assert row.tick > 0 and row.lot > 0 and row.contract_size > 0 and row.min_notional >= 0
        assert row.min_quantity >= row.lot
        assert -0.001 < row.maker_fee <= row.taker_fee < 0.02
        assert 0 <= row.maintenance_margin_rate < 0.5
        assert (row.maintenance_margin_rate == 0) == (row.kind == Kind.SPOT)
        assert row.settle == (row.base if row.kind == Kind.INVERSE else row.quote)


def test_a_source_that_is_inferred_stamps_the_whole_instrument_assumed() -> None:
    for market in known_markets():
        row = find(market)
        assert row is not None
        assert row.assumed == (", assumed)" in row.source)


def test_binance_linear_figures_are_known_not_assumed() -> None:
    sol = find(market_id("binance_perp:SOLUSDT"))
    assert sol is not None
    assert (sol.kind, sol.base, sol.quote, sol.settle) == (Kind.LINEAR, "SOL", "USDT", "USDT")
    assert (sol.tick, sol.lot, sol.maker_fee, sol.taker_fee, sol.maintenance_margin_rate) == (
        0.01,
        0.01,
        2e-4,
        5e-4,
        5e-3,
    )
    assert not sol.assumed


def test_coin_margined_contracts_are_inverse_and_count_dollars() -> None:
    btc, eth = find(market_id("binance_coinm:BTCUSD_PERP")), find(market_id("binance_coinm:ETHUSD_PERP"))
    assert btc is not None and eth is not None
    assert (btc.kind, btc.settle, btc.contract_size, btc.lot) == (Kind.INVERSE, "BTC", 100.0, 1.0)
    assert (eth.kind, eth.settle, eth.contract_size, eth.lot) == (Kind.INVERSE, "ETH", 10.0, 1.0)


def test_an_unknown_symbol_is_not_in_the_table() -> None:
    assert find(market_id("binance_perp:NOSUCHUSDT")) is None
    assert find(market_id("nowhere:BTCUSDT")) is None


def test_a_symbol_named_by_its_file_s_period_is_the_symbol() -> None:
    plain, dated = find(market_id("us:SPY")), find(market_id("us:SPY_2013-10"))
    assert plain is not None and dated is not None
    assert dated.market == "us:SPY_2013-10"
    assert (dated.tick, dated.base, dated.source) == (plain.tick, "SPY", plain.source)


@pytest.mark.parametrize(
    "venue", ["binance_perp", "binance_spot", "bybit_perp", "coinbase_spot", "other_perp", "index", "us", "yahoo"]
)
def test_every_recorded_market_is_in_the_table(shared: Path, venue: str) -> None:
    for path in shared_files(shared, venue):
        assert find(market_id(f"{venue}:{path.stem}")) is not None, path.name


@pytest.mark.parametrize("venue", ["binance_perp", "binance_spot", "bybit_perp", "coinbase_spot", "other_perp"])
def test_the_newest_recorded_prices_and_volumes_lie_on_the_table_s_grid(shared: Path, venue: str) -> None:
    for path in shared_files(shared, venue):
        if path.parent.name == "1d" and venue == "binance_spot":
            continue  # summed from hours: the sums carry float noise, the hours themselves are checked
        row = find(market_id(f"{venue}:{path.stem}"))
        assert row is not None
        newest = pl.read_parquet(path).tail(100)
        for column, step in (("close", row.tick), ("high", row.tick), ("volume", row.lot)):
            steps = newest[column].to_numpy() / step
            assert np.all(np.abs(steps - np.round(steps)) < 1e-6 * np.maximum(1, steps)), f"{path.name} {column} {step}"
