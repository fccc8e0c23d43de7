"""Markets without an edge have none, look like real ones, and can each be made again alone."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests.unit.calibration.real_worlds import real_hours, rough_hours, rough_sources

from karat.core.errors import InputError
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.time import DAY_MS, HOUR_MS
from karat.research.backtest import MarketData
from karat.research.calibration.character import character_of
from karat.research.calibration.edges import Nature
from karat.research.calibration.likeness import autocorrelation, likeness, typical
from karat.research.calibration.markets import BARS, PanelSpec, Truth, World, sources_of

EDGELESS = (Truth.SIMULATED, Truth.SHUFFLED)
STRENGTHS = {
    (Nature.TREND, 0.0): (0.0, 0.0),
    (Nature.TREND, 2.0): (0.1, 0.1),
    (Nature.REVERSION, 0.0): (0.0, 0.0),
    (Nature.REVERSION, 2.0): (0.8, 0.8),
}
SPECS = (
    PanelSpec(Truth.SIMULATED, 2, 4),
    PanelSpec(Truth.SHUFFLED, 2, 4),
    *(PanelSpec(Truth.PLANTED, 2, 4, 2.0, nature) for nature in Nature),
)


@cache
def world() -> World:
    return World(seed=7, sources=rough_sources(), strengths=STRENGTHS)


@cache
def panel(truth: Truth) -> tuple[MarketData, ...]:
    return world().panel(PanelSpec(truth, 0, 8)).markets


def simple_returns(candles: Candles) -> np.ndarray:
    return candles.close / candles.open - 1.0


@pytest.mark.parametrize("truth", EDGELESS)
def test_prices_have_no_drift_by_more_than_chance(truth: Truth) -> None:
    returns = np.concatenate([simple_returns(one.candles) for one in panel(truth)])
    assert abs(returns.mean()) < 3.0 * returns.std() / np.sqrt(len(returns))


@pytest.mark.parametrize("truth", EDGELESS)
def test_what_a_day_did_says_nothing_of_the_next(truth: Truth) -> None:
    for lag in (1, 2, 5, 20):
        found = []
        for one in panel(truth):
            days = simple_returns(one.candles).reshape(-1, 24).sum(axis=1)
            size = np.median(np.abs(days))
            found.append(autocorrelation(np.clip(days, -3 * size, 3 * size), lag))
        assert abs(np.mean(found)) < 3.5 / np.sqrt(8 * BARS / 24)


def test_hours_of_a_simulated_market_are_not_correlated_but_their_sizes_are() -> None:
    hours = [simple_returns(one.candles) for one in panel(Truth.SIMULATED)]
    signs = np.mean([autocorrelation(np.sign(one), 1) for one in hours])
    assert abs(signs) < 3.5 / np.sqrt(8 * BARS)
    assert all(autocorrelation(np.abs(one), 24) > 0.05 for one in hours)


@pytest.mark.parametrize("spec", SPECS)
def test_bars_are_whole_and_the_vault_is_their_last_fifth(spec: PanelSpec) -> None:
    data = world().market(spec, 1)
    bars = data.candles
    assert len(bars) == 26_280
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.low > 0.0).all() and (bars.volume > 0.0).all()
    np.testing.assert_allclose(bars.open[1:], bars.close[:-1], rtol=1e-6)
    assert (np.diff(bars.ts) == HOUR_MS).all() and bars.ts[0] % DAY_MS == 0
    assert data.entry.vault_start_ts == bars.ts[21_024]
    assert data.entry.quality.grade == "simulated" and data.looks_into_vault


@pytest.mark.parametrize("spec", SPECS)
def test_a_market_made_again_alone_is_the_same_to_the_byte(spec: PanelSpec) -> None:
    together = world().panel(spec).markets
    again = World(7, rough_sources(), STRENGTHS).market(spec, 2)
    for name in CANDLE_COLUMNS:
        assert getattr(again.candles, name).tobytes() == getattr(together[2].candles, name).tobytes()
    assert again.entry == together[2].entry
    other = world().market(spec, 1)
    assert other.entry.hash != again.entry.hash


def test_panels_of_other_numbers_seeds_and_truths_are_other_markets() -> None:
    made = [
        World(seed, rough_sources(), STRENGTHS).market(PanelSpec(truth, number, 2), 0).candles.close[-1]
        for seed in (1, 2)
        for truth in EDGELESS
        for number in (0, 1)
    ]
    assert len(set(made)) == len(made)


@cache
def planted(nature: Nature, power: float) -> tuple[np.ndarray, ...]:
    """Log closes of eight markets, whose noise is the same whatever the edge."""
    made = world().panel(PanelSpec(Truth.PLANTED, 0, 8, power, nature)).markets
    return tuple(np.log(one.candles.close) for one in made)


def added(nature: Nature) -> list[np.ndarray]:
    """What the edge alone moves each market's log return of an hour by."""
    pairs = zip(planted(nature, 2.0), planted(nature, 0.0), strict=True)
    return [np.diff(one - without) for one, without in pairs]


def days(hours: np.ndarray) -> np.ndarray:
    return np.diff(hours[23::24])


def test_without_strength_every_nature_is_the_same_market() -> None:
    for trend, reversion in zip(planted(Nature.TREND, 0.0), planted(Nature.REVERSION, 0.0), strict=True):
        assert trend.tobytes() == reversion.tobytes()


def test_a_planted_trend_is_a_simulated_market_with_drifts_that_stay() -> None:
    pairs = zip(planted(Nature.TREND, 2.0), planted(Nature.TREND, 0.0), strict=True)
    more = [autocorrelation(days(one), 1) - autocorrelation(days(without), 1) for one, without in pairs]
    assert min(more) > 0.0 and np.mean(more) > 0.02
    for moved in added(Nature.TREND):
        turns = np.flatnonzero(np.diff(np.sign(moved)))
        assert np.diff(turns).min() >= 80 and np.diff(turns).max() <= 160, "two to four thirds of 120 hours"


def variance_ratio(logs: np.ndarray) -> float:
    """Of a day to 24 hours: 1 where no hour tells of another."""
    return float(np.var(logs[24:] - logs[:-24]) / np.var(np.diff(logs)) / 24.0)


def test_a_planted_reversion_is_a_simulated_market_whose_pushes_come_home_with_a_half_life_of_six_hours() -> None:
    pairs = zip(planted(Nature.REVERSION, 2.0), planted(Nature.REVERSION, 0.0), strict=True)
    less = [variance_ratio(without) - variance_ratio(one) for one, without in pairs]
    assert min(less) > 0.1
    for moved in added(Nature.REVERSION):
        deviation = np.cumsum(moved)
        six, twelve = (np.var(deviation[hours:] - deviation[:-hours]) for hours in (6, 12))
        assert twelve / six == pytest.approx((1.0 - 0.25) / (1.0 - 0.5), abs=0.06)


def test_six_hours_of_a_shuffled_market_are_six_real_hours_or_their_mirror() -> None:
    real = rough_hours(seed=0, market="test:ROUGH0")
    made = panel(Truth.SHUFFLED)[0].candles
    moved = np.abs(simple_returns(made)).reshape(-1, 6)
    blocks = np.abs(simple_returns(real)).reshape(-1, 6)
    for block in moved[:: len(moved) // 20]:
        assert np.abs(blocks - block).max(axis=1).min() < 1e-5
    places = np.array([np.abs(blocks - block).max(axis=1).argmin() for block in moved[:480]])
    assert (places % 4 == np.arange(480) % 4).all(), "each at its hours of the day"
    assert np.count_nonzero(np.diff(places) == 1) < 60, "and seldom after what it followed"


def test_a_series_that_is_too_short_or_of_other_bars_is_refused() -> None:
    with pytest.raises(InputError) as short:
        character_of(rough_hours()[: 24 * 300])
    assert short.value.code == "record_too_short"
    hours = rough_hours()
    columns = {name: getattr(hours, name) for name in CANDLE_COLUMNS}
    with pytest.raises(InputError) as other:
        character_of(Candles(hours.market, 2 * HOUR_MS, **columns))
    assert other.value.code == "bad_timeframe"


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "SOLUSDT"])
def test_a_simulated_market_is_like_the_real_one_it_takes_after(shared: Path, symbol: str) -> None:
    real = real_hours(shared, symbol)
    made = World(1, sources_of([real]), {})
    found = typical(likeness(made.market(PanelSpec(Truth.SIMULATED, k, 1), 0).candles[:21_024]) for k in range(5))
    truth = likeness(real)
    assert found.volatility == pytest.approx(truth.volatility, rel=0.25)
    assert truth.kurtosis / 3.0 < found.kurtosis < 2.0 * truth.kurtosis
    assert abs(found.autocorrelation) < 0.03
    assert found.size_hour == pytest.approx(truth.size_hour, abs=0.08)
    assert found.size_day == pytest.approx(truth.size_day, abs=0.06)
    assert found.size_week == pytest.approx(truth.size_week, abs=0.06)
    assert found.volume > 0.35 and found.regimes >= 4.0
