"""The default policy is the table's, with the numbers of the issue."""

from __future__ import annotations

from dataclasses import replace

import pytest

from karat.core.errors import InputError
from karat.core.model.policy import LevelMode, SizeMode
from karat.research.backtest_policy import parse_policy
from karat.risk import default_limits, with_limit
from karat.risk.default_policy import default_policy


def test_it_is_what_the_issue_says() -> None:
    policy = default_policy()
    assert (policy.size_mode, policy.size_value, policy.confidence_scaling) == (SizeMode.RISK, 0.015, True)
    assert (policy.drawdown_halving, policy.take_fraction) == (0.02, 0.5)
    assert policy.stop_mode == policy.take_mode == policy.trail_mode == LevelMode.ATR
    assert 8 <= policy.time_exit <= 16 and not policy.trail_from_entry
    assert (policy.min_confidence, policy.cooldown) == (0.45, 2)


def test_what_is_given_beside_it_wins() -> None:
    assert default_policy(stop_value=3.0) == replace(default_policy(), stop_value=3.0)
    assert parse_policy({"stop_value": "3", "capital": "500"}, default=True) == default_policy(
        stop_value=3.0, capital=500.0
    )
    assert parse_policy({}).stop_mode == LevelMode.NONE
    with pytest.raises(InputError, match="out of range"):
        default_policy(size_value=-1.0)


def test_by_regime_it_takes_the_numbers_of_the_filter() -> None:
    policy = default_policy(by_regime=True)
    assert policy.min_confidence_by_regime == (0.45, 0.55, 0.6)
    assert policy.cooldown_by_regime == (2, 4, 6)
    limits, _ = with_limit(default_limits(), "filter.cooldown_ranging", 5)
    assert default_policy(limits, by_regime=True).cooldown_by_regime == (2, 5, 6)
