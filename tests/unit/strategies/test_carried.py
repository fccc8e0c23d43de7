"""Asked for its last rows only, a strategy says what it says of everything, or is found out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.strategies.written import written

from karat.strategies import Strategy, find_strategy, resolve
from karat.strategies.check.carrying import carried_difference, difference_of
from karat.strategies.check.hostile import hostile_markets
from karat.strategies.check.subject import Case, variants

BARS = 260
STARTERS = (
    "bollinger_mean_reversion", "buy_and_hold", "donchian_breakout", "ema_crossover", "rsi_macd_momentum",
)  # fmt: skip


def differences(strategy: Strategy) -> set[str]:
    """What keeps `strategy` from being carried on hostile markets."""
    markets = hostile_markets(strategy.warmup_bars(resolve(strategy)) + BARS, strategy.needs)
    cases = [Case(strategy, resolve(strategy), name, market) for name, market in markets.items()]
    return {carried_difference(case, case.run()) for case in cases} - {""}


@pytest.mark.parametrize("name", STARTERS)
def test_starters_can_be_carried_with_the_ends_of_their_ranges_too(name: str) -> None:
    strategy = find_strategy(name)
    assert differences(strategy) == set()
    for values in variants(strategy):
        market = hostile_markets(strategy.warmup_bars(values) + 40, ())["walk"]
        case = Case(strategy, values, "walk", market)
        assert carried_difference(case, case.run()) == ""


@pytest.mark.parametrize(
    ("name", "signal"),
    [
        ("awake", "market.awake(p.period) & (market.close > market.bollinger(p.period).upper)"),
        ("looks_back", "np.concatenate((np.zeros(3, bool), market.close[3:] > market.close[:-3]))"),
        ("wide", "market.atr(p.period) > 0.01 * market.close"),
    ],
)
def test_rules_in_plain_numpy_on_few_bars_can_be_carried(name: str, signal: str, tmp_path: Path) -> None:
    assert differences(written(tmp_path, name, f"return signals(len(market), long={signal})")) == set()


@pytest.mark.parametrize(
    ("name", "signal", "why"),
    [
        ("counts", "np.arange(len(market)) % 3 == 0", "entry is another"),
        ("sums", "np.cumsum(market.volume) % 100.0 > 50.0", "entry is another"),
        ("remembers", "market.close > 1.05 * market.close[0]", "entry is another"),
        ("nested", "market.close > market.sma(5, of=market.ema(p.period))", "sma of an array"),
        ("rare", "market.close > market.indicator('kama', period=10)", "kama is not carried"),
        ("slices", "np.resize(market[:9].close, len(market)) > 0.0", "a part of the market"),
        ("reaches", "market.close > market.close[min(len(market) - 1, 40)] + 0 * market.close[19]", "IndexError"),
    ],
)
def test_what_needs_more_than_the_last_rows_is_found_out(name: str, signal: str, why: str, tmp_path: Path) -> None:
    found = differences(written(tmp_path, name, f"return signals(len(market), long={signal})"))
    assert any(why in one for one in found)


def test_a_strategy_with_other_series_is_computed_from_the_anchor(tmp_path: Path) -> None:
    strategy = written(
        tmp_path, "moody", "return signals(len(market), long=market.series('mood') > 50)", needs=("mood",)
    )
    assert differences(strategy) == {"it needs mood, and only candles are carried"}


def test_parameters_that_reach_too_far_back_are_found_out_though_the_defaults_do_not(tmp_path: Path) -> None:
    far = "market.close[np.maximum(np.arange(len(market)) - max(p.period - 20, 0), 0)]"
    strategy = written(tmp_path, "reaches", f"return signals(len(market), long=market.close > {far} * 1.001)")
    assert difference_of(strategy, resolve(strategy)) == ""
    assert "entry is another" in difference_of(strategy, resolve(strategy, {"period": 45}))
