"""Inference for markets the table does not know: always stamped, never finer or cheaper than it can say why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from karat.core.ids import market_id
from karat.core.instruments import find, instrument_for
from karat.core.instruments.grid import decimal_step
from karat.core.model.candles import Candles, Floats
from karat.core.model.instrument import Kind


def candles_of(prices: Floats, volume: Floats | None = None, market: str = "somewhere_perp:XYZUSDT") -> Candles:
    ts = np.arange(len(prices), dtype=np.int64) * 3_600_000
    volumes = np.full(len(prices), 10.0) if volume is None else volume
    columns = [prices.copy() for _ in range(4)]
    return Candles(market_id(market), 3_600_000, ts, *columns, volumes)


def walk(step: float, first: float, count: int = 2_000, seed: int = 7) -> Floats:
    units = round(first / step) + np.cumsum(np.random.default_rng(seed).integers(-9, 10, count))
    return np.round(units * step, 10)


@given(
    step=st.sampled_from([10.0, 5.0, 1.0, 0.5, 0.25, 0.1, 0.05, 0.01, 0.001, 0.0005, 1e-4, 1e-5, 1e-7]),
    size=st.integers(3_000, 90_000),
    seed=st.integers(0, 1_000),
)
def test_the_tick_of_a_walk_on_a_grid_is_found(step: float, size: int, seed: int) -> None:
    prices = (size + np.cumsum(np.random.default_rng(seed).integers(-9, 10, 3_000))) * step
    assert decimal_step(prices) == pytest.approx(step, rel=1e-12)


def test_float_noise_does_not_make_the_tick_finer() -> None:
    prices = walk(0.01, 312.0)
    noisy = prices * (1 + 2e-16 * np.random.default_rng(1).integers(-3, 4, len(prices)))
    assert decimal_step(noisy) == 0.01


def test_prices_that_went_through_float32_keep_their_tick() -> None:
    prices = walk(0.01, 681.92).astype(np.float32).astype(np.float64)
    assert decimal_step(prices) == 0.01


def test_one_bad_print_in_a_thousand_does_not_make_the_tick_finer() -> None:
    prices = walk(0.5, 20_000.0, count=9_000)
    prices[[17]] += 0.0001
    assert decimal_step(prices) == 0.5


def test_a_handful_of_round_prices_is_no_proof_of_a_coarse_tick() -> None:
    assert decimal_step(np.array([100.0, 150.0, 250.0])) == 1.0


def test_numbers_on_no_grid_and_no_numbers_at_all_have_no_step() -> None:
    assert decimal_step(np.random.default_rng(3).uniform(1, 2, 500)) is None
    assert decimal_step(np.array([np.nan, 0.0, -1.0])) is None


def test_an_unknown_market_is_inferred_from_its_candles_and_stamped() -> None:
    market = market_id("somewhere_perp:XYZUSDT")
    volume = np.random.default_rng(5).integers(1, 10_000, 2_000) * 0.01
    instrument = instrument_for(market, candles_of(walk(0.001, 14.2), volume))
    assert instrument.assumed and "inferred" in instrument.source
    assert (instrument.kind, instrument.base, instrument.quote, instrument.settle) == (
        Kind.LINEAR,
        "XYZ",
        "USDT",
        "USDT",
    )
    assert (instrument.tick, instrument.lot) == (0.001, 0.01)
    assert instrument.as_of == "1970-03-25"  # the day of the last candle


def test_a_known_market_comes_from_the_table_whatever_the_candles_say() -> None:
    market = market_id("binance_perp:BTCUSDT")
    assert instrument_for(market, candles_of(walk(5.0, 90_000.0))) == find(market)
    assert instrument_for(market, None) == find(market)


def test_volume_counted_in_another_unit_does_not_become_the_lot() -> None:
    dollars = np.random.default_rng(5).integers(1_000_000, 9_000_000, 2_000).astype(np.float64)
    instrument = instrument_for(market_id("somewhere_spot:XYZUSD"), candles_of(walk(0.01, 87_500.0), dollars))
    assert instrument.lot == 1e-4  # worth at most ten dollars at 87,500


def test_without_candles_the_grid_is_the_finest_and_the_source_says_so() -> None:
    instrument = instrument_for(market_id("somewhere_spot:XYZUSD"), None)
    assert instrument.assumed and (instrument.tick, instrument.lot) == (1e-8, 1e-8)
    assert "unknown without prices" in instrument.source and instrument.as_of == "undated"


@pytest.mark.parametrize(
    ("market", "kind", "base", "quote", "settle", "contract_size"),
    [
        ("okx_perp:ABC-USDT", Kind.LINEAR, "ABC", "USDT", "USDT", 1.0),
        ("okx_swap:ABC-USDT-SWAP", Kind.LINEAR, "ABC", "USDT", "USDT", 1.0),
        ("other_perp:ETH-PERP", Kind.LINEAR, "ETH", "USD", "USD", 1.0),
        ("other_perp:ETH-PERP_2022-01", Kind.LINEAR, "ETH", "USD", "USD", 1.0),
        ("binance_coinm:LTCUSD_PERP", Kind.INVERSE, "LTC", "USD", "LTC", 10.0),
        ("bybit_inverse:BTCUSD", Kind.INVERSE, "BTC", "USD", "BTC", 100.0),
        ("kraken_spot:SOLEUR", Kind.SPOT, "SOL", "EUR", "EUR", 1.0),
        ("mystery:SOLEUR", Kind.SPOT, "SOL", "EUR", "EUR", 1.0),
        ("us:MSFT", Kind.EQUITY, "MSFT", "USD", "USD", 1.0),
        ("index:SPX", Kind.EQUITY, "SPX", "USD", "USD", 1.0),
    ],
)
def test_kind_and_coins_follow_from_the_name(
    market: str, kind: Kind, base: str, quote: str, settle: str, contract_size: float
) -> None:
    instrument = instrument_for(market_id(market), None)
    assert (instrument.kind, instrument.base, instrument.quote) == (kind, base, quote)
    assert (instrument.settle, instrument.contract_size, instrument.assumed) == (settle, contract_size, True)


def test_what_is_inferred_is_never_cheaper_than_what_is_known() -> None:
    known, guessed = find(market_id("binance_perp:DOGEUSDT")), instrument_for(market_id("binance_perp:NEWUSDT"), None)
    assert known is not None
    assert guessed.maker_fee >= known.maker_fee and guessed.taker_fee >= known.taker_fee
    assert (
        guessed.maintenance_margin_rate >= known.maintenance_margin_rate and guessed.min_notional >= known.min_notional
    )


@pytest.mark.parametrize("path", ["candles/binance_perp/1h/LINKUSDT", "candles/binance_spot/1h/XRPUSDT"])
def test_inference_on_recorded_candles_finds_what_the_table_says(shared: Path, path: str) -> None:
    columns = pl.read_parquet(shared / "data" / f"{path}.parquet").tail(2_000)
    venue, symbol = path.split("/")[1], path.split("/")[-1]
    known = find(market_id(f"{venue}:{symbol}"))
    market = market_id(f"unknown_{venue.rpartition('_')[2]}:{symbol}")
    series = {name: columns[name].to_numpy().copy() for name in ("ts", "open", "high", "low", "close", "volume")}
    instrument = instrument_for(market, Candles(market, 3_600_000, **series))
    assert known is not None and (instrument.tick, instrument.lot) == (known.tick, known.lot)
