"""What holds for every strategy Karat ships, and for the one the template writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.strategies.markets import walk

from karat.core.ids import market_id
from karat.core.model.candles import Candles
from karat.core.time import HOUR_MS
from karat.strategies import Market, Strategy, Values, evaluate, find_strategy, resolve, strategy_names
from karat.strategies.check import check_strategy
from karat.strategies.check.diagnosis import first_difference
from karat.strategies.check.honesty import entries
from karat.strategies.check.hostile import hostile_markets
from karat.strategies.check.subject import variants
from karat.strategies.legs import is_two_legged, leg_closes
from karat.strategies.template import strategy_template

TEMPLATE = "from_the_template"
REAL = ("binance_perp/1h/BTCUSDT", "binance_perp/1h/DOGEUSDT", "binance_perp/15m/ETHUSDT", "binance_spot/1d/SOLUSDT")
SECOND = {
    "binance_perp/1h/BTCUSDT": "binance_spot/1h/BTCUSDT", "binance_perp/1h/DOGEUSDT": "binance_perp/1h/SOLUSDT",
    "binance_perp/15m/ETHUSDT": "binance_perp/15m/BTCUSDT", "binance_spot/1d/SOLUSDT": "binance_spot/1d/ETHUSDT",
}  # fmt: skip
BARS = 500


@pytest.fixture(params=[*strategy_names(Path("none")), TEMPLATE])
def strategy(request: pytest.FixtureRequest, tmp_path: Path) -> Strategy:
    name: str = request.param
    if name == TEMPLATE:
        (tmp_path / f"{name}.py").write_text(strategy_template(name))
    return find_strategy(name, tmp_path)


def test_it_says_what_it_is(strategy: Strategy) -> None:
    assert all(len(text) > 10 for text in strategy.hypothesis.as_dict().values())
    assert strategy.__doc__ and type(strategy).__module__.endswith(strategy.name)
    for parameter in strategy.parameters:
        assert parameter.unit and parameter.meaning
        assert resolve(strategy, {parameter.name: str(parameter.default)}) == resolve(strategy)


def test_it_passes_its_check_on_hostile_markets(strategy: Strategy) -> None:
    report = check_strategy(strategy)
    assert report.passed, [finding.text() for finding in report.findings]
    assert report.cuts > 1_000


def test_it_passes_its_check_on_real_markets(strategy: Strategy, shared: Path) -> None:
    real = {name: _beside(_real(shared, name), _real(shared, SECOND[name])) for name in REAL}
    report = check_strategy(strategy, real)
    assert report.passed, [finding.text() for finding in report.findings]
    assert set(REAL) <= set(report.datasets)
    assert report.carried is not is_two_legged(strategy), report.not_carried


def test_it_trades_on_an_ordinary_walk_and_on_a_real_market(strategy: Strategy, shared: Path) -> None:
    real = _beside(_real(shared, REAL[0]), _real(shared, SECOND[REAL[0]]))
    wide = {"entry_basis": 0.0005, "exit_basis": 0.0, "both_sides": True} if strategy.name == "basis" else {}
    for market in (hostile_markets(2_000, strategy.needs)["walk"], real):
        given_signals = evaluate(strategy, market, resolve(strategy, wide))
        enters = np.count_nonzero(entries(given_signals))
        assert enters >= (1 if strategy.name == "basis" else 5)  # spot and perpetual stay apart for months


def test_its_warmup_holds_no_signal_for_any_end_of_its_ranges(strategy: Strategy) -> None:
    for values in variants(strategy):
        warmup = strategy.warmup_bars(values)
        market = _beside(walk(warmup + 50), walk(warmup + 50))
        signals = evaluate(strategy, market, values)
        for column in (signals.entry, signals.exit_long, signals.exit_short, signals.confidence):
            assert not column[:warmup].any()
        assert len(evaluate(strategy, market[: max(1, warmup // 2)], values)) == max(1, warmup // 2)


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_prefix_of_any_market_with_any_parameters_says_the_same(strategy: Strategy, data: st.DataObject) -> None:
    values = data.draw(_values(strategy))
    candles = data.draw(_candles())
    market = _beside(candles, replace(candles, close=np.maximum(candles.close[::-1], 1.0)))
    cut = data.draw(st.integers(1, BARS))
    whole = evaluate(strategy, market, values)
    part = evaluate(strategy, market[:cut], values)
    if cut >= strategy.warmup_bars(values):
        assert first_difference(whole, part, cut) is None
    else:
        assert not part.entry.any() and not part.exit_long.any() and not part.exit_short.any()


def _values(strategy: Strategy) -> st.SearchStrategy[Values]:
    drawn = st.fixed_dictionaries(
        {parameter.name: st.sampled_from(parameter.values()) for parameter in strategy.parameters}
    )
    sensible = drawn.filter(lambda given: not strategy.contradiction(Values(given)))
    return sensible.map(lambda given: resolve(strategy, given))


@st.composite
def _candles(draw: st.DrawFn) -> Candles:
    """Bars on a coarse tick grid, where ties, still bars and missing volume are common."""
    steps = np.array(draw(st.lists(st.integers(-3, 3), min_size=20, max_size=60)))
    close = 50.0 + np.cumsum(np.resize(steps, BARS) * np.resize([1, 1, -1, 1, -1, -1], BARS)).clip(-45, 1_000)
    reach = np.resize(draw(st.lists(st.integers(0, 2), min_size=5, max_size=20)), BARS)
    open_ = np.concatenate((close[:1], close[:-1]))
    return Candles(
        market=market_id("test:GRID"),
        timeframe_ms=HOUR_MS,
        ts=HOUR_MS * np.arange(BARS, dtype=np.int64),
        open=open_,
        high=np.maximum(open_, close) + reach,
        low=np.minimum(open_, close) - reach,
        close=close,
        volume=np.resize(draw(st.lists(st.sampled_from([0.0, 1.0, 5.0]), min_size=3, max_size=30)), BARS),
    )


def _beside(first: Candles, second: Candles) -> Market:
    """A market with the closes of a second one beside it, which strategies of one leg do not see."""
    return Market(first, None, leg_closes(first, second))


def _real(shared: Path, name: str) -> Candles:
    """The last 2,500 bars of a shared file."""
    venue, timeframe, symbol = name.split("/")
    frame = pl.read_parquet(shared / "data" / "candles" / f"{name}.parquet").tail(2_500)
    columns = {
        column: frame[column].to_numpy().astype(np.float64) for column in ("open", "high", "low", "close", "volume")
    }
    ts = frame["ts"].cast(pl.Int64).to_numpy().copy()
    minutes = {"15m": 15, "1h": 60, "1d": 1440}[timeframe]
    return Candles(market_id(f"{venue}:{symbol}"), minutes * 60_000, ts, **columns)
