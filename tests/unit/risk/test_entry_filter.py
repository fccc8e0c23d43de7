"""The entry filter: each condition blocks by its name and is released by rule; what is not known blocks."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karat.risk import default_limits
from karat.risk.entry_filter import CONDITIONS, DAY_MS, EntryView, Regime, filter_entry

LIMITS = default_limits()
CALM = EntryView(
    side=1, bar=100, now_ms=3 * DAY_MS + 5, regime=Regime.TRENDING, confidence=0.7, last_exit_bar=90, positions_bot=0,
    positions_fleet=3, volume=120.0, volume_usual=100.0, equity=990.0, equity_day_start=1_000.0, losses_in_row=1,
    last_loss_bar=90, funding_rate=0.0001, spread=0.0005, depth=50_000.0, data_ms=3 * DAY_MS, kill_latched=False,
    breakers_latched=(), in_session=True,
)  # fmt: skip


def test_on_a_calm_bar_everything_passes() -> None:
    found = filter_entry(CALM, LIMITS)
    assert found.passed and [one.condition for one in found.told] == [one.name for one in CONDITIONS]


@pytest.mark.parametrize(
    ("condition", "changes"),
    [
        ("switches", {"kill_latched": True}),
        ("switches", {"breakers_latched": ("data",)}),
        ("data_age", {"data_ms": CALM.now_ms - 5_001}),
        ("data_age", {"data_ms": CALM.now_ms + 1}),
        ("session", {"in_session": False}),
        ("confidence", {"confidence": 0.449}),
        ("confidence", {"regime": Regime.RANGING, "confidence": 0.549}),
        ("confidence", {"regime": Regime.HIGH_VOLATILITY, "confidence": 0.599}),
        ("confidence", {"confidence": 1.1}),
        ("confidence", {"regime": None}),
        ("cooldown", {"last_exit_bar": 99}),
        ("cooldown", {"regime": Regime.HIGH_VOLATILITY, "last_exit_bar": 95}),
        ("daily_drawdown", {"equity": 949.0}),
        ("losses_in_row", {"losses_in_row": 3}),
        ("positions", {"positions_bot": 3}),
        ("positions", {"regime": Regime.RANGING, "positions_bot": 2}),
        ("positions", {"regime": Regime.HIGH_VOLATILITY, "positions_bot": 1}),
        ("positions_fleet", {"positions_fleet": 20}),
        ("positions_fleet", {"positions_bot": 2, "positions_fleet": 1}),
        ("volume", {"volume": 99.0}),
        ("volume", {"volume_usual": 0.0}),
        ("funding", {"funding_rate": 0.0006}),
        ("funding", {"side": -1, "funding_rate": -0.0006}),
        ("spread", {"spread": 0.0021}),
        ("depth", {"depth": 9_999.0}),
    ],
)
def test_a_condition_blocks_by_its_name_and_says_what_ends_it(condition: str, changes: dict[str, Any]) -> None:
    found = filter_entry(replace(CALM, **changes), LIMITS)
    told = next(one for one in found.told if one.condition == condition)
    assert found.first == condition and told.reason and told.release
    json.dumps(found.as_dict(), allow_nan=False)


@pytest.mark.parametrize("value", [None, math.nan])
def test_what_is_not_known_blocks(value: float | None) -> None:
    may_be_none = {"side", "bar", "now_ms", "last_exit_bar", "last_loss_bar"}
    lists = {"regime", "breakers_latched"}
    for name in [one.name for one in fields(CALM) if one.name not in may_be_none]:
        if value is None or name not in lists:
            assert not filter_entry(replace(CALM, **{name: value}), LIMITS).passed, name


def test_a_bot_that_never_traded_has_nothing_to_wait_for() -> None:
    assert filter_entry(replace(CALM, last_exit_bar=None, losses_in_row=0, last_loss_bar=None), LIMITS).passed
    assert filter_entry(replace(CALM, last_loss_bar=None), LIMITS).first == "losses_in_row"


@given(st.sampled_from(Regime), st.integers(0, 6), st.integers(0, 30), st.integers(0, 10))
def test_every_wait_ends_at_the_bar_it_names(regime: Regime, exit_ago: int, loss_ago: int, losses: int) -> None:
    view = replace(
        CALM, regime=regime, last_exit_bar=100 - exit_ago, last_loss_bar=100 - loss_ago, losses_in_row=losses
    )
    blocked = [one for one in filter_entry(view, LIMITS).told if not one.passed]
    for told in blocked:
        assert told.release_bar is not None and told.release_bar > view.bar
        for bar, passes in ((told.release_bar - 1, False), (told.release_bar, True)):
            later = filter_entry(replace(view, bar=bar), LIMITS)
            assert next(one.passed for one in later.told if one.condition == told.condition) == passes


def test_a_lost_day_ends_with_the_day() -> None:
    told = [one for one in filter_entry(replace(CALM, equity=940.0), LIMITS).told if not one.passed]
    assert [(one.condition, one.release_ms) for one in told] == [("daily_drawdown", 4 * DAY_MS)]
