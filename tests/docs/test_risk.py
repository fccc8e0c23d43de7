"""What docs/risk.md says of limits is what the code asks."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from karat.risk import default_limits
from karat.risk.entry_filter import EntryView, filter_entry
from karat.risk.telling import breakers_table, filter_table, policy_told, rules_table

PAGE = (Path(__file__).parents[2] / "docs/risk.md").read_text("utf-8")


@pytest.mark.parametrize("table", [rules_table, filter_table, breakers_table, policy_told])
def test_the_tables_are_current(table: Callable[[], str]) -> None:
    assert table() in PAGE


def test_the_entry_that_was_made_smaller() -> None:
    per_lot = 40_708.2 * 1.0002 * (1.0 + default_limits().value("limits.price_band")) * 0.001
    assert f"{per_lot:.4f} USDT" in PAGE and f"{487 * per_lot:,.2f} USDT" in PAGE
    lots = math.floor(10_000.0 * default_limits().value("limits.symbol_exposure") / per_lot)
    assert f"reduced to {lots}: symbol_exposure would be {487 * per_lot / 10_000:.6g}, must be at most 1" in PAGE


def test_the_entry_that_was_refused() -> None:
    day = 86_400_000
    view = EntryView(1, bar=5, now_ms=day + 7, equity=9_480.0, equity_day_start=10_000.0)
    said = next(one for one in filter_entry(view, default_limits()).told if one.condition == "daily_drawdown")
    assert not said.passed and said.reason in PAGE and said.release_ms == 2 * day
