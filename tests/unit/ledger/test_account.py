"""What luck alone would show: never less than the error of one Sharpe ratio over the record allows."""

from __future__ import annotations

import math

import pytest

from karat.research.ledger.account import Account
from karat.stats.belief.deflated import expected_maximum
from karat.stats.figure import Undefined


def account(**changes: object) -> Account:
    given = {"family": "a", "market": "test:AB", "runs": 1, "trials": 1_000, "effective": 100.0, "sharpe_mean": 0.0}
    given |= {"sharpe_variance": 0.0004, "days": 1_000, "looks": 0}
    return Account(**{**given, **changes})  # type: ignore[arg-type]


def test_near_copies_share_the_luck_of_one_record():
    assert account().sharpe_of_luck == pytest.approx(expected_maximum(100) / math.sqrt(1_000))


def test_trials_that_lie_far_apart_have_more():
    assert account(sharpe_variance=0.01).sharpe_of_luck == pytest.approx(expected_maximum(100) * 0.1)


def test_one_trial_is_no_choice_and_none_says_nothing():
    few = Undefined("fewer than two trials with a Sharpe ratio")
    assert account(trials=1, effective=1.0, sharpe_variance=few).sharpe_of_luck == 0.0
    assert isinstance(account(trials=0, effective=0.0, days=0, sharpe_variance=few).sharpe_of_luck, Undefined)
