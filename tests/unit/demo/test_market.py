"""The demo market: the same for a seed, lawful bars, the stylised facts of real markets, and labelled simulated."""

from __future__ import annotations

import numpy as np
import pytest

from karat.core.errors import InputError
from karat.core.ids import MarketId, market_id
from karat.core.instruments import instrument_for
from karat.core.model.candles import CANDLE_COLUMNS, Candles, Floats
from karat.core.model.instrument import Kind
from karat.core.time import DAY_MS, HOUR_MS, MINUTE_MS, iso
from karat.feeds.demo import DEMO_START_MS, DEMO_SYMBOLS, demo_candles, demo_funding, demo_instrument

YEAR_BARS = 8_760
SEED = 7


@pytest.fixture(scope="module")
def year() -> dict[MarketId, Candles]:
    return {symbol: demo_candles(SEED, symbol, HOUR_MS, YEAR_BARS) for symbol in DEMO_SYMBOLS}


def log_returns(candles: Candles) -> Floats:
    return np.diff(np.log(candles.close))


def autocorrelation(series: Floats, lag: int) -> float:
    centred = series - series.mean()
    return float(np.mean(centred[lag:] * centred[:-lag]) / np.mean(centred * centred))


def test_the_same_seed_gives_the_same_bits_and_another_seed_another_market() -> None:
    first, again, other = (demo_candles(seed, DEMO_SYMBOLS[0], HOUR_MS, 500) for seed in (3, 3, 4))
    for name in CANDLE_COLUMNS:
        assert getattr(first, name).tobytes() == getattr(again, name).tobytes()
    assert first.close.tobytes() != other.close.tobytes()


def test_symbols_of_one_seed_move_on_their_own(year: dict[MarketId, Candles]) -> None:
    returns = np.array([log_returns(candles) for candles in year.values()])
    across = np.corrcoef(returns)[np.triu_indices(len(returns), 1)]
    assert np.all(np.abs(across) < 0.1)


@pytest.mark.parametrize("symbol", DEMO_SYMBOLS)
@pytest.mark.parametrize("bars", [1, 2, 777, 3_000])
def test_a_shorter_market_is_the_prefix_of_a_longer_one(
    year: dict[MarketId, Candles], symbol: MarketId, bars: int
) -> None:
    shorter = demo_candles(SEED, symbol, HOUR_MS, bars)
    for name in CANDLE_COLUMNS:
        assert getattr(shorter, name).tobytes() == getattr(year[symbol], name)[:bars].tobytes()


def test_bars_of_every_timeframe_are_the_same_market() -> None:
    symbol = DEMO_SYMBOLS[1]
    fine = demo_candles(SEED, symbol, 5 * MINUTE_MS, 288 * 3)
    coarse = demo_candles(SEED, symbol, 4 * HOUR_MS, 18)
    assert np.array_equal(coarse.open, fine.open[::48]) and np.array_equal(coarse.close, fine.close[47::48])
    assert np.array_equal(coarse.high, fine.high.reshape(18, 48).max(axis=1))
    assert np.array_equal(coarse.low, fine.low.reshape(18, 48).min(axis=1))
    assert np.allclose(coarse.volume, fine.volume.reshape(18, 48).sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize("symbol", DEMO_SYMBOLS)
def test_bars_are_lawful(year: dict[MarketId, Candles], symbol: MarketId) -> None:
    candles = year[symbol]
    assert candles.market == symbol and candles.timeframe_ms == HOUR_MS
    assert iso(int(candles.ts[0])) == "2024-01-01T00:00:00Z" and np.all(np.diff(candles.ts) == HOUR_MS)
    for name in ("open", "high", "low", "close", "volume"):
        assert np.all(np.isfinite(getattr(candles, name))) and np.all(getattr(candles, name) > 0)
    assert np.all(candles.high >= np.maximum(candles.open, candles.close))
    assert np.all(candles.low <= np.minimum(candles.open, candles.close))


@pytest.mark.parametrize("symbol", DEMO_SYMBOLS)
def test_prices_lie_on_the_tick_and_volumes_on_the_lot(year: dict[MarketId, Candles], symbol: MarketId) -> None:
    instrument, candles = demo_instrument(symbol), year[symbol]
    for name in ("open", "high", "low", "close"):
        prices = getattr(candles, name)
        assert np.array_equal(prices, np.round(prices / instrument.tick) / round(1 / instrument.tick))
    assert np.array_equal(candles.volume, np.round(candles.volume / instrument.lot) / round(1 / instrument.lot))


@pytest.mark.parametrize("symbol", DEMO_SYMBOLS)
def test_tails_are_fat_and_volatility_clusters(year: dict[MarketId, Candles], symbol: MarketId) -> None:
    returns = log_returns(year[symbol])
    deviation = returns - returns.mean()
    assert np.mean(deviation**4) / np.mean(deviation**2) ** 2 - 3 > 1
    assert autocorrelation(returns**2, 1) > 0.1
    assert autocorrelation(np.abs(returns), 24) > 0.1


@pytest.mark.parametrize("symbol", DEMO_SYMBOLS)
def test_several_regimes_are_visible(year: dict[MarketId, Candles], symbol: MarketId) -> None:
    days = log_returns(year[symbol])[: 364 * 24].reshape(-1, 24)
    daily = np.sqrt(np.sum(days * days, axis=1))
    fortnights = np.sqrt(np.mean((daily * daily).reshape(-1, 14), axis=1))
    assert np.max(fortnights) > 2 * np.min(fortnights)
    assert np.percentile(daily, 90) > 2.5 * np.percentile(daily, 10)


@pytest.mark.parametrize("symbol", DEMO_SYMBOLS)
def test_jumps_open_gaps_and_all_other_bars_open_where_the_last_closed(symbol: MarketId) -> None:
    candles = demo_candles(SEED, symbol, 5 * MINUTE_MS, 105_120)
    gaps = np.abs(np.log(candles.open[1:] / candles.close[:-1]))
    assert 3 <= np.count_nonzero(gaps > 0.002) <= 50
    assert np.count_nonzero(gaps) <= 50


@pytest.mark.parametrize("symbol", DEMO_SYMBOLS)
def test_volume_follows_volatility_and_the_hour_of_the_day(year: dict[MarketId, Candles], symbol: MarketId) -> None:
    candles = year[symbol]
    spread = np.log(candles.high / candles.low)
    turnover = np.log(candles.volume * candles.close)
    assert np.corrcoef(spread, turnover)[0, 1] > 0.5
    by_hour = turnover[: 364 * 24].reshape(-1, 24).mean(axis=0)
    assert np.argmax(by_hour) in (14, 15) and by_hour.max() - by_hour.min() > 0.5


@pytest.mark.parametrize("symbol", DEMO_SYMBOLS)
def test_funding_is_paid_every_eight_hours_and_follows_the_market(
    year: dict[MarketId, Candles], symbol: MarketId
) -> None:
    candles, funding = year[symbol], demo_funding(SEED, symbol, HOUR_MS, YEAR_BARS)
    assert np.array_equal(funding.ts, DEMO_START_MS + 8 * HOUR_MS * np.arange(1, 365 * 3 + 1))
    assert np.all(np.isfinite(funding.rate)) and np.all(np.abs(funding.rate) <= 0.003)
    assert np.array_equal(funding.mark, candles.close[7::8])  # the last price before the stamp
    order = np.argsort(np.log(candles.close[7::8] / candles.open[::8]))
    after_falls, after_rises = funding.rate[order[:100]].mean(), funding.rate[order[-100:]].mean()
    assert after_falls < 0.0001 < after_rises and after_rises - after_falls > 0.0001
    assert 0.3 < np.mean(funding.rate == 0.0001) < 0.95 and np.min(funding.rate) < 0


def test_funding_of_a_shorter_market_is_the_prefix_of_a_longer_one() -> None:
    longer = demo_funding(SEED, DEMO_SYMBOLS[2], HOUR_MS, 1_000)
    shorter = demo_funding(SEED, DEMO_SYMBOLS[2], HOUR_MS, 100)
    assert len(shorter.ts) == 12
    for name in ("ts", "rate", "mark"):
        assert np.array_equal(getattr(shorter, name), getattr(longer, name)[:12])


def test_bars_too_short_for_a_funding_stamp_have_none() -> None:
    assert len(demo_funding(SEED, DEMO_SYMBOLS[0], HOUR_MS, 7).ts) == 0


@pytest.mark.parametrize("symbol", DEMO_SYMBOLS)
def test_every_demo_market_is_labelled_simulated(symbol: MarketId) -> None:
    instrument = demo_instrument(symbol)
    assert symbol.startswith("simulated:") and instrument.market == symbol
    assert (instrument.source, instrument.assumed, instrument.kind) == ("simulated", False, Kind.LINEAR)
    assert instrument_for(symbol, None) == instrument


def test_there_are_several_symbols_and_daily_bars_too() -> None:
    assert len(set(DEMO_SYMBOLS)) >= 6
    assert np.all(np.diff(demo_candles(SEED, DEMO_SYMBOLS[3], DAY_MS, 30).ts) == DAY_MS)


@pytest.mark.parametrize(
    ("seed", "symbol", "timeframe_ms", "bars", "code"),
    [
        (1, "binance_perp:BTCUSDT", HOUR_MS, 10, "bad_market"),
        (1, "simulated:NOSUCH-USDT", HOUR_MS, 10, "bad_market"),
        (1, "simulated:AURUM-USDT", MINUTE_MS, 10, "bad_timeframe"),
        (1, "simulated:AURUM-USDT", 7 * MINUTE_MS, 10, "bad_timeframe"),
        (1, "simulated:AURUM-USDT", HOUR_MS, 0, "bad_range"),
        (-1, "simulated:AURUM-USDT", HOUR_MS, 10, "bad_seed"),
    ],
)
def test_what_the_demo_market_cannot_give_is_refused_with_a_hint(
    seed: int, symbol: str, timeframe_ms: int, bars: int, code: str
) -> None:
    for ask in (demo_candles, demo_funding):
        with pytest.raises(InputError) as refusal:
            ask(seed, market_id(symbol), timeframe_ms, bars)
        assert refusal.value.code == code and refusal.value.hint
