"""Limits are data: the issue's numbers, changed by name within bounds or not at all."""

from __future__ import annotations

import pytest
from tests.unit.risk.small_house import HOUSE, entry

from karat.core.errors import InputError
from karat.risk import Answer, Direction, Limits, changed_limits, decide, default_limits, with_limit


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limits.daily_drawdown", 0.05),
        ("limits.losses_in_row", 3),
        ("limits.halved_over_drawdown", 0.02),
        ("filter.confidence_trending", 0.45),
        ("filter.confidence_ranging", 0.55),
        ("filter.confidence_high_volatility", 0.60),
        ("filter.cooldown_trending", 2),
        ("filter.cooldown_high_volatility", 6),
        ("filter.positions_trending", 3),
        ("filter.positions_high_volatility", 1),
        ("breakers.confidence", 0.35),
        ("breakers.confidence_times", 5),
    ],
)
def test_the_numbers_are_those_of_the_issue(name: str, value: float) -> None:
    assert default_limits().value(name) == value


def test_a_change_is_a_value_that_tells_tightening_from_loosening() -> None:
    text = (
        "[limits.gross_exposure]\nvalue = 4\n[filter.confidence_ranging]\nvalue = 0.7\n[limits.spread]\nvalue = 0.002\n"
    )
    limits, changes = changed_limits(text, who="operator")
    assert [(one.name, one.old, one.new, one.direction) for one in changes] == [
        ("limits.gross_exposure", 3.0, 4.0, Direction.LOOSENING),
        ("filter.confidence_ranging", 0.55, 0.7, Direction.TIGHTENING),
    ]
    assert changes[0].as_dict()["who"] == "operator"
    assert limits.hash != default_limits().hash
    back, _ = with_limit(with_limit(limits, "limits.gross_exposure", 3)[0], "filter.confidence_ranging", 0.55)
    assert back.hash == default_limits().hash


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limits.gros_exposure]\nvalue = 4", "Did you mean limits.gross_exposure?"),
        ("[limit.gross_exposure]\nvalue = 4", "Did you mean limits?"),
        ("[limits.gross_exposure]\nvalu = 4", "Did you mean value?"),
        ("[limits.gross_exposure]\nvalue = 0", "out of bounds"),
        ("[limits.gross_exposure]\nvalue = 1000", "out of bounds"),
        ("[limits.gross_exposure]\nvalue = inf", "no number"),
        ("[limits.gross_exposure]\nvalue = true", "no number"),
        ("[limits.gross_exposure]", "changes nothing"),
        ("[limits.losses_in_row]\nvalue = 2.5", "whole number"),
        ("limits = 3", "no table"),
        ("[limits]\ngross_exposure = 3", "no table"),
        ("[limits", "not TOML"),
    ],
)
def test_what_cannot_be_a_limit_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=r".*") as refused:
        changed_limits(text)
    assert refused.value.code == "bad_limits" and words in str(refused.value)


def test_a_limit_that_is_missing_lets_nothing_through() -> None:  # R6
    for gone in [one.name for one in default_limits().all if one.name.startswith("limits.")]:
        if gone == "limits.flatten_drawdown":
            continue
        fewer = Limits(tuple(one for one in default_limits().all if one.name != gone))
        decision = decide(HOUSE, entry(), fewer)
        assert decision.answer is Answer.REFUSED and gone in decision.reason
