"""Defects planted into series of numbers, ticks, books and marks, each found under its own name and no other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from karat.core.inputs import known_inputs
from karat.core.model.candles import Candles
from karat.core.model.table import Schema, Table
from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.quality.bounds import FREE, NOT_NEGATIVE, bounds_of
from karat.quality.findings import Finding
from karat.quality.marks import mark_findings
from karat.quality.observations import (
    early_findings,
    first_prints,
    hole_findings_of_series,
    series_coverage,
    usual_step_ms,
    value_findings,
)  # fmt: skip
from karat.quality.rules import RULES
from karat.quality.ticks import book_findings, quote_findings, trade_findings

ROWS = 400
HOURS = HOUR_MS * np.arange(ROWS, dtype=np.int64)
SOUND = 1e9 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.01, ROWS)))
WEDNESDAY = 6 * DAY_MS


def told(findings: list[Finding]) -> list[tuple[str, int]]:
    assert all(one.name in RULES for one in findings)
    return [(one.name, one.bars) for one in findings]


def at(row: int, value: float) -> Any:
    changed = SOUND.copy()
    changed[row] = value
    return changed


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (SOUND, []),
        (at(200, -SOUND[200]), [("impossible_value", 1)]),
        (at(200, np.inf), [("impossible_value", 1)]),
        (at(200, np.nan), []),
        (at(200, 40 * SOUND[200]), [("spike", 1)]),
        (np.where(np.arange(ROWS) < 250, SOUND, 1e-3 * SOUND), [("unit_jump", 1)]),
        (np.where((np.arange(ROWS) > 99) & (np.arange(ROWS) < 120), SOUND[99], SOUND), [("stale_run", 20)]),
        (np.round(SOUND / 2e8), []),  # whole numbers repeat: a series that stands still honestly
        (np.cumprod(np.full(ROWS, 1.06)), []),  # what grows fast grows, and jumps nowhere
    ],
)
def test_a_defect_of_values_is_found_under_its_name(values: Any, expected: list[tuple[str, int]]) -> None:
    assert told(value_findings(HOURS, values, "value", NOT_NEGATIVE)) == expected


def test_a_sign_that_turns_for_good_is_found_and_one_that_changes_is_none() -> None:
    turned = np.where(np.arange(ROWS) < 250, SOUND, -SOUND)
    assert told(value_findings(HOURS, turned, "value", FREE)) == [("sign_jump", 150)]
    assert value_findings(HOURS, SOUND - np.median(SOUND), "value", FREE) == []


def test_a_hole_is_counted_in_the_series_own_steps() -> None:
    kept = np.r_[0:100, 103:ROWS]
    assert usual_step_ms(HOURS[kept]) == HOUR_MS
    assert told(hole_findings_of_series(HOURS[kept], HOUR_MS)) == [("series_hole", 3)]
    assert series_coverage(HOURS[kept], HOUR_MS).share == (ROWS - 3) / ROWS


def test_weekends_and_holidays_are_no_holes_but_a_lost_week_is() -> None:
    days = WEDNESDAY + DAY_MS * np.arange(700, dtype=np.int64)
    weekdays = days[(days // DAY_MS + 3) % 7 < 5]
    assert hole_findings_of_series(np.delete(weekdays, [100, 101]), DAY_MS) == []
    assert told(hole_findings_of_series(np.delete(weekdays, range(100, 105)), DAY_MS)) == [("series_hole", 5)]
    assert told(hole_findings_of_series(np.delete(days, 100), DAY_MS)) == [("series_hole", 1)]


def test_what_claims_to_be_known_before_its_time_is_found() -> None:
    known = HOURS + HOUR_MS
    known[50:53] -= 1
    assert told(early_findings(HOURS, known, HOUR_MS)) == [("known_too_early", 3)]


def test_a_revision_is_no_second_value() -> None:
    ts = np.array([1, 2, 3, 2, 4], np.int64)
    assert first_prints(ts).tolist() == [0, 1, 2, 4]


def test_no_value_of_the_tables_own_units_is_called_impossible() -> None:
    assert {one.kind: bounds_of(one.kind, one.column) for one in known_inputs()}["fear_greed"] == (0.0, 100.0)
    assert bounds_of("wti", "value") == FREE and bounds_of("btc_etf_net_flow", "value") == FREE
    assert bounds_of("binance_open_interest", "value") == NOT_NEGATIVE == bounds_of("liquidations", "long_usd")
    assert bounds_of("mine", "anything") == FREE


def tape(**changed: Any) -> Table:
    columns: dict[str, Any] = {
        "ts": np.arange(ROWS, dtype=np.int64), "price": 100 + 0.01 * np.sin(np.arange(ROWS)), "quantity": np.ones(ROWS),
        "trade_id": 7 + np.arange(ROWS, dtype=np.int64),
    } | changed  # fmt: skip
    return Table(Schema((("ts", "i8"), ("price", "f8"), ("quantity", "f8"), ("trade_id", "i8"))), columns)


def one_of(values: Any, row: int, value: float) -> Any:
    return np.where(np.arange(ROWS) == row, value, values)


NUMBERS = 7 + np.arange(ROWS, dtype=np.int64)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"trade_id": NUMBERS + 5 * (np.arange(ROWS) > 200)}, [("number_hole", 5)]),
        ({"trade_id": NUMBERS - (np.arange(ROWS) > 200)}, [("number_again", 1)]),
        ({"trade_id": np.full(ROWS, 3)}, []),  # a venue that does not number
        ({"quantity": one_of(np.ones(ROWS), 9, 0.0)}, [("bad_tick", 1)]),
        ({"price": one_of(np.full(ROWS, 100.0), 200, 103.0)}, [("print_apart", 1)]),
    ],
)
def test_a_defect_of_a_tape_is_found(changed: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    assert told(trade_findings(tape(**changed))) == expected


def test_a_bid_above_the_ask_is_found() -> None:
    names = ("bid", "bid_quantity", "ask", "ask_quantity")
    columns = {name: np.full(4, value) for name, value in zip(names, (99.0, 1.0, 100.0, 1.0), strict=True)}
    columns["bid"] = np.array([99.0, 100.0, 100.5, -1.0])
    table = Table(
        Schema((("ts", "i8"), *((name, "f8") for name in names))), {"ts": np.arange(4, dtype=np.int64), **columns}
    )  # fmt: skip
    assert told(quote_findings(table)) == [("bad_tick", 1), ("crossed", 2)]


def changes(before: list[int], last: list[int], snapshot: list[int]) -> Table:
    rows = len(last)
    schema = Schema((("ts", "i8"), ("snapshot", "u1"), ("price", "f8"), ("quantity", "f8"), ("first_update", "i8"),
                     ("last_update", "i8"), ("previous_update", "i8")))  # fmt: skip
    whole = {"first_update": last, "last_update": last, "previous_update": before}
    return Table(schema, {
        "ts": np.arange(rows, dtype=np.int64), "snapshot": np.array(snapshot, np.uint8),
        "price": np.full(rows, 9.0), "quantity": np.zeros(rows),
        **{name: np.array(values, np.int64) for name, values in whole.items()},
    })  # fmt: skip


def test_a_change_of_a_book_that_follows_nothing_is_found_unless_a_snapshot_came() -> None:
    assert book_findings(changes([1, 2, 2, 3], [2, 3, 3, 4], [0, 0, 0, 0])) == []
    assert told(book_findings(changes([1, 2, 5], [2, 3, 6], [0, 0, 0]))) == [("chain_broken", 1)]
    assert book_findings(changes([1, 0, 5], [2, 5, 6], [0, 1, 0])) == []


def test_a_mark_far_from_the_last_price_is_found() -> None:
    last = demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, ROWS)
    shifted = {name: getattr(last, name) for name in ("open", "high", "low", "close")}
    quiet = np.zeros(ROWS)
    assert mark_findings(Candles(last.market, HOUR_MS, last.ts, **shifted, volume=quiet), last) == []
    torn = np.where(np.arange(ROWS) == 200, 1.12, 1.0)
    shifted = {name: column * torn for name, column in shifted.items()}
    found = mark_findings(Candles(last.market, HOUR_MS, last.ts, **shifted, volume=quiet), last)
    assert "mark_far_from_last" in {one.name for one in found}
    alone = {name: 1000 * getattr(last, name) for name in shifted}
    scaled = mark_findings(Candles(last.market, HOUR_MS, last.ts, **alone, volume=quiet), last)
    assert [one.name for one in scaled] == ["price_scale"]
