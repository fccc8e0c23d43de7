"""Figures of trades, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from karat.stats import (
    Undefined,
    cost_share,
    expectancy,
    expectancy_r,
    exposure,
    payoff_ratio,
    profit_factor,
    trade_sums,
    turnover,
    win_rate,
)
from karat.stats.figure import NO_TRADES
from karat.stats.trades import NO_LOSER, NO_WINNER, kelly_fraction, trade_return


def sums_of(*net: float):
    return trade_sums(np.array(net, dtype=np.float64))


def test_a_mixed_book():
    sums = sums_of(30.0, -10.0, 0.0, 10.0)
    assert win_rate(sums) == 0.5
    assert profit_factor(sums) == 4.0
    assert payoff_ratio(sums) == 2.0
    assert expectancy(sums) == 7.5
    assert kelly_fraction(sums) == pytest.approx(2 / 3 - (1 / 3) / 2)


def test_no_trades():
    sums = sums_of()
    for figure in (win_rate, profit_factor, payoff_ratio, expectancy, kelly_fraction):
        assert figure(sums) == NO_TRADES
    assert expectancy_r(np.empty(0), np.empty(0)) == NO_TRADES


def test_one_trade_that_won():
    sums = sums_of(5.0)
    assert win_rate(sums) == 1.0
    assert profit_factor(sums) == NO_LOSER
    assert payoff_ratio(sums) == NO_LOSER
    assert expectancy(sums) == 5.0


def test_all_lost():
    sums = sums_of(-5.0, -1.0)
    assert win_rate(sums) == 0.0
    assert profit_factor(sums) == 0.0
    assert payoff_ratio(sums) == NO_WINNER
    assert expectancy(sums) == -3.0


def test_a_result_below_a_billionth_is_neither_won_nor_lost():
    sums = sums_of(1e-10, -1e-10)
    assert (sums.count, sums.winners, sums.losers) == (2, 0, 0)
    assert profit_factor(sums) == NO_LOSER


def test_results_in_units_of_risk_leave_out_trades_without_a_stop():
    assert expectancy_r(np.array([20.0, -10.0, 99.0]), np.array([10.0, 10.0, np.nan])) == 0.5
    assert isinstance(expectancy_r(np.array([1.0]), np.array([np.nan])), Undefined)
    assert isinstance(expectancy_r(np.array([1.0]), np.array([0.0])), Undefined)


def test_exposure_is_the_share_of_bars_in_a_position_long_or_short():
    assert exposure(np.array([0.0, 1.0, -2.0, 0.0])) == 0.5
    assert isinstance(exposure(np.empty(0)), Undefined)


def test_turnover_is_traded_notional_over_mean_equity_per_year():
    assert turnover(3_000.0, np.array([90.0, 110.0]), 0.5) == 60.0
    assert isinstance(turnover(3_000.0, np.array([90.0, -110.0]), 0.5), Undefined)
    assert isinstance(turnover(0.0, np.array([100.0]), 0.0), Undefined)


def test_costs_as_a_share_of_profit_before_costs():
    assert cost_share(60.0, 40.0) == 0.4
    assert cost_share(-20.0, 40.0) == 2.0  # made 20 before costs, lost 20 after
    assert cost_share(50.0, -10.0) == -0.25  # funding received exceeded all costs
    assert isinstance(cost_share(-50.0, 40.0), Undefined)
    assert isinstance(cost_share(-40.0, 40.0), Undefined)


def test_mean_result_over_entry_notional():
    assert trade_return(np.array([10.0, -10.0]), np.array([100.0, 50.0])) == pytest.approx(-0.05)
    assert trade_return(np.empty(0), np.empty(0)) == NO_TRADES
    assert isinstance(trade_return(np.array([1.0]), np.array([0.0])), Undefined)


def test_a_result_that_is_not_a_number_is_an_assertion():
    with pytest.raises(AssertionError):
        sums_of(1.0, np.nan)
    with pytest.raises(AssertionError):
        sums_of(np.inf)
