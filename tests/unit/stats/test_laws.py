"""Laws that hold for every run."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.unit.stats.worlds import DAY, MIDNIGHT, marks_of, run_of, trades_of

from karat.stats import (
    Undefined,
    daily_marks,
    daily_returns,
    drawdown_figures,
    is_defined,
    max_drawdown,
    monthly_table,
    profit_factor,
    rolling_cagr,
    sharpe,
    sharpe_columns,
    sharpe_from_sums,
    sortino,
    summary,
    trade_sums,
    volatility,
    win_rate,
)
from karat.stats.ratios import return_sums
from karat.stats.returns import rolling_growth

LAW = settings(deadline=None)  # the first example compiles

moves = st.lists(st.floats(-0.5, 1.0).map(lambda move: round(move, 6)), min_size=1, max_size=60)
money = st.floats(-1e6, 1e6).map(lambda result: round(result, 4))
hours = st.lists(st.integers(1, 80), min_size=1, max_size=60)


def near(ours: object, theirs: object) -> bool:
    if isinstance(ours, float) and isinstance(theirs, float):
        return math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-6)
    return ours == theirs


@LAW
@given(moves, st.sampled_from([2.0**-10, 0.5, 1024.0]))
def test_money_in_another_unit_changes_no_ratio(daily, scale):
    equity = 100.0 * marks_of(np.array(daily))[1:]
    one, other = summary(run_of(list(equity))), summary(run_of(list(equity * scale), start=100.0 * scale))
    for name, figure in one.items():
        assert near(figure, other[name]), name


@LAW
@given(moves)
def test_drawdown_of_positive_equity_lies_between_zero_and_one(daily):
    equity = marks_of(np.array(daily))[1:]
    found = max_drawdown(equity, 1.0)
    assert 0.0 <= found <= 1.0
    with_start = np.concatenate(([1.0], equity))
    assert found == max(1.0 - with_start[i] / with_start[: i + 1].max() for i in range(len(with_start)))


@LAW
@given(moves, hours)
def test_time_under_water_is_the_longest_stretch_counted_one_by_one(daily, steps):
    equity = marks_of(np.array(daily))[1:]
    close_ts = MIDNIGHT + np.cumsum(np.resize(steps, len(equity))).astype(np.int64) * 3_600_000
    peak, since, run, bars, days = 1.0, MIDNIGHT, 0, 0, 0.0
    for time, value in zip(close_ts.tolist(), equity.tolist(), strict=True):
        if 1.0 - value / peak < 1e-9:
            peak, since, run = max(peak, value), time, 0
        else:
            run += 1
            bars, days = max(bars, run), max(days, (time - since) / DAY)
    found = drawdown_figures(close_ts, equity, 1.0, MIDNIGHT)
    assert (found.longest_bars, found.longest_days) == (bars, days)


@LAW
@given(moves)
def test_sharpe_and_sortino_have_the_sign_of_the_mean(daily):
    returns = np.array(daily)
    total = return_sums(returns, 0.0)[0]
    for figure in (sharpe(returns), sortino(returns)):
        if is_defined(figure):
            assert math.copysign(1.0, figure) == math.copysign(1.0, total) or figure == total == 0.0


@LAW
@given(moves)
def test_sharpe_of_losses_turned_to_gains_is_turned_and_volatility_is_not(daily):
    returns = np.array(daily)
    forward, backward = sharpe(returns), sharpe(-returns)
    if is_defined(forward):
        assert is_defined(backward) and forward == -backward
    assert volatility(returns) == volatility(-returns)


@LAW
@given(st.lists(moves, min_size=1, max_size=8))
def test_columns_of_a_sweep_equal_their_rows(columns):
    sums = [return_sums(np.array(column), 0.0)[:2] for column in columns]
    counts = np.array([len(column) for column in columns], dtype=np.int64)
    totals, squares = np.array(sums).T.copy()
    found = sharpe_columns(counts, totals, squares)
    for column, value in enumerate(found):
        figure = sharpe_from_sums(int(counts[column]), float(totals[column]), float(squares[column]))
        assert figure == sharpe(np.array(columns[column]))
        assert math.isnan(value) if isinstance(figure, Undefined) else value == figure


@LAW
@given(st.lists(money, max_size=40), st.randoms())
def test_the_order_of_trades_changes_no_trade_figure(results, random):
    shuffled = list(results)
    random.shuffle(shuffled)
    one, other = trade_sums(np.array(results)), trade_sums(np.array(shuffled))
    assert win_rate(one) == win_rate(other)
    assert near(profit_factor(one), profit_factor(other))
    assert one.winners + one.losers <= one.count


@LAW
@given(moves, hours)
def test_daily_marks_are_what_a_search_for_each_midnight_finds(daily, steps):
    equity = marks_of(np.array(daily))[1:]
    close_ts = MIDNIGHT + np.cumsum(np.resize(steps, len(equity))).astype(np.int64) * 3_600_000
    day_ts, marks = daily_marks(close_ts, equity, 1.0)
    first, last = -(-int(close_ts[0]) // DAY), -(-int(close_ts[-1]) // DAY)  # midnights at or after the closes
    expected = [1.0]
    for midnight in range(first, last + 1):
        known = [value for time, value in zip(close_ts, equity, strict=True) if time <= midnight * DAY]
        expected.append(known[-1])
    assert list(marks) == expected
    assert list(day_ts) == [(midnight - 1) * DAY for midnight in range(first, last + 1)]


@LAW
@given(moves, hours)
def test_days_and_months_compound_to_the_same_end(daily, steps):
    equity = marks_of(np.array(daily))[1:]
    close_ts = MIDNIGHT + np.cumsum(np.resize(steps, len(equity))).astype(np.int64) * 3_600_000 * 7
    _, returns = daily_returns(close_ts, equity, 1.0)
    rows = monthly_table(close_ts, equity, 1.0)
    months = [month for row in rows for month in row.months if month is not None]
    assert math.isclose(np.prod(1.0 + returns), equity[-1], rel_tol=1e-9)
    assert math.isclose(np.prod([1.0 + month for month in months]), equity[-1], rel_tol=1e-9)


@LAW
@given(st.lists(st.sampled_from([1.0, 2.0, 4.0, 0.0, -1.0]), min_size=1, max_size=20), st.integers(1, 8))
def test_a_rolling_window_is_broken_exactly_where_equity_was_lost_in_it(marks, window):
    found = rolling_growth(np.array(marks), window)
    assert len(found) == max(0, len(marks) - window)
    for first, growth in enumerate(found):
        inside = marks[first : first + window + 1]
        assert math.isnan(growth) == (min(inside) <= 0.0)
        assert math.isnan(growth) or growth == inside[-1] / inside[0]


@LAW
@given(moves, st.integers(1, 30))
def test_rolling_figures_of_the_summary_are_those_of_all_windows(daily, window):
    run = dataclasses.replace(run_of(list(100.0 * marks_of(np.array(daily))[1:])), rolling_days=window)
    figures = summary(run)
    names = ("rolling_cagr_worst", "rolling_cagr_median", "rolling_cagr_positive")
    windows = rolling_cagr(daily_marks(run.close_ts, run.equity, run.start)[1], window)
    if not len(windows):
        assert all(figures[name] == Undefined(f"fewer than {window} days") for name in names)
        return
    expected = (float(windows.min()), float(np.median(windows)), float(np.mean(windows > 0.0)))
    for name, value in zip(names, expected, strict=True):
        if math.isfinite(value):  # NaN: a window too large to make yearly
            assert near(figures[name], value), name


@LAW
@example([4.8e-291, 1.0], [])  # squared returns too large to hold
@example([5e-324, 1e300], [])  # a return too large to hold
@given(st.lists(st.floats(-1e4, 1e7), min_size=1, max_size=50), st.lists(money, max_size=20))
def test_no_run_has_an_infinite_figure(equity, results):
    figures = summary(run_of(equity, trades=trades_of(*results, costs=0.25)))
    assert all(math.isfinite(figure) for figure in figures.values() if is_defined(figure))
