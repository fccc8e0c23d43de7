"""Defects a user accepts are repaired in one way, and the quality report says how."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.unit.ingest.market_files import Desk, csv_rows, csv_text, refusal, with_field
from tests.unit.lake.bars import MARKET, START

from karat.core.errors import InputError
from karat.core.time import HOUR_MS
from karat.ingest.accept import REPAIRS, accepted_defects

Rows = list[str]

ACCEPTED: dict[str, tuple[Callable[[Rows], Rows], str, int, int]] = {
    # what is wrong: (the rows, what is accepted, bars in the lake, missing bars)
    "a bar missing": (lambda rows: rows[:7] + rows[8:], "holes", 47, 1),
    "a bar missing, as gaps": (lambda rows: rows[:7] + rows[8:], "gaps", 47, 1),
    "a row twice": (lambda rows: [*rows[:10], rows[9], *rows[10:]], "duplicates", 48, 0),
    "newest first": (lambda rows: rows[::-1], "unordered", 48, 0),
    "NaN": (lambda rows: with_field(rows, 2, "close", "NaN"), "nan,holes", 47, 1),
    "NaN at the end": (lambda rows: with_field(rows, 47, "close", "NaN"), "nan", 47, 0),
    "off the grid": (lambda rows: with_field(rows, 4, "ts", START + 4 * HOUR_MS + 7), "off_grid,holes", 47, 1),
    "high below low": (lambda rows: with_field(rows, 3, "high", 90), "high_below_low,holes", 47, 1),
    "open above high": (lambda rows: with_field(rows, 3, "open", 200), "outside_range,holes", 47, 1),
    "a negative price": (lambda rows: with_field(rows, 8, "low", -1.5), "bad_price,holes", 47, 1),
    "a negative volume": (lambda rows: with_field(rows, 8, "volume", -1), "negative_volume,holes", 47, 1),
    "all at once": (lambda rows: with_field(rows[::-1], 8, "low", -1.5), "all", 47, 1),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_accepted_defect_is_repaired_and_recorded(desk: Desk, name: str) -> None:
    make, accept, rows, missing = ACCEPTED[name]
    text = csv_text(make(csv_rows()))
    refusal(desk.take_text(text))
    assert desk.take_text(text, accept=accept).status == "imported"
    entry = desk.lake.list()[0]
    assert (entry.rows, entry.quality.missing_bars) == (rows, missing)
    assert set(entry.quality.accepted) == accepted_defects(accept.split(","))
    assert entry.quality.repairs or accept in ("holes", "gaps")
    assert entry.quality.grade in ("repaired", "holes")


def test_what_is_dropped_becomes_a_hole_that_must_be_accepted_too(desk: Desk) -> None:
    text = csv_text(with_field(csv_rows(), 2, "close", "NaN"))
    assert refusal(desk.take_text(text, accept="nan")).code == "holes"


def test_a_repair_is_the_same_every_time(desk: Desk) -> None:
    text = csv_text(with_field(csv_rows()[::-1], 8, "low", -1.5))
    first = desk.take_text(text, accept="all")
    assert desk.take_text(text, accept="all").status == "unchanged"
    assert desk.lake.list()[0].hash == first.hash


def test_two_prices_for_one_time_are_never_accepted(desk: Desk) -> None:
    rows = csv_rows()
    rows = [*rows[:10], with_field(rows, 9, "close", 101.25)[9], *rows[10:]]
    assert refusal(desk.take_text(csv_text(rows), accept="all")).code == "duplicate"


def test_accepting_names_nothing_else(desk: Desk) -> None:
    with pytest.raises(InputError) as caught:
        accepted_defects(["everything"])
    assert caught.value.code == "unknown_defect"
    assert all(name in caught.value.hint for name in REPAIRS)


def test_clean_bars_record_no_acceptance(desk: Desk) -> None:
    desk.take_text(csv_text(csv_rows()), accept="all")
    assert desk.lake.list()[0].quality.accepted == ()
    assert len(desk.lake.candles(MARKET, HOUR_MS)) == 48
