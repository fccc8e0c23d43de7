"""Policies as a person writes them."""

from __future__ import annotations

import math

import pytest
from tests.unit.research.small_markets import instrument

from karat.core.errors import InputError
from karat.core.model.policy import LevelMode, Policy, SizeMode
from karat.research.backtest_policy import pairs, parse_policy
from karat.research.manifest import instrument_json, instrument_of, policy_json, policy_of

GIVEN = {
    "stop_mode": "fraction",
    "stop_value": "0.02",
    "size_mode": "RISK",
    "allow_short": "off",
    "time_exit": "48",
    "drawdown_halving": "0.2",
    "volume_share": "off",
    "min_confidence_by_regime": "0,0.6",
    "cooldown_by_regime": "0,3",
}


def test_every_kind_of_field_is_understood() -> None:
    policy = parse_policy(GIVEN)
    assert (policy.stop_mode, policy.stop_value, policy.size_mode) == (LevelMode.FRACTION, 0.02, SizeMode.RISK)
    assert (policy.allow_short, policy.time_exit, policy.drawdown_halving) == (False, 48, 0.2)
    assert math.isnan(policy.volume_share)
    assert (policy.min_confidence_by_regime, policy.cooldown_by_regime) == ((0.0, 0.6), (0, 3))
    assert repr(parse_policy({})) == repr(Policy())


@pytest.mark.parametrize(
    ("name", "text", "code", "word"),
    [
        ("stop_mod", "atr", "unknown_policy_field", "stop_mode"),
        ("stop_mode", "percent", "bad_policy", "fraction"),
        ("stop_value", "much", "bad_policy", "number"),
        ("stop_value", "inf", "bad_policy", "number"),
        ("stop_value", "off", "bad_policy", "number"),
        ("time_exit", "2.5", "bad_policy", "whole"),
        ("allow_short", "maybe", "bad_policy", "on or off"),
        ("leverage", "5000", "bad_policy", "1000"),
        ("take_mode", "atr", "contradictory_policy", "take_value"),
        ("cooldown_by_regime", "1,x", "bad_policy", "whole"),
    ],
)
def test_what_cannot_be_is_refused_with_what_could(name: str, text: str, code: str, word: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_policy({name: text})
    assert refused.value.code == code and word in str(refused.value)


@pytest.mark.parametrize("texts", [["a"], ["=1"], ["a="], ["a=1", "a=2"]])
def test_pairs_that_are_none_are_refused(texts: list[str]) -> None:
    with pytest.raises(InputError) as refused:
        pairs(texts, "--set")
    assert refused.value.code == "bad_pair"


def test_a_value_may_hold_an_equals_sign() -> None:
    assert pairs(["a=b=c", "d=1"], "--set") == {"a": "b=c", "d": "1"}


def test_a_manifest_gives_policy_and_instrument_back() -> None:
    policy, known = parse_policy(GIVEN), instrument(lot=0.5)
    told = {"policy": policy_json(policy), "instrument": instrument_json(known)}
    assert repr(policy_of(told)) == repr(policy)
    assert instrument_of(told) == known
    assert told["policy"]["volume_share"] == {"undefined": "off"}
    assert told["policy"]["taker_fee"] == {"undefined": "the instrument's"}
