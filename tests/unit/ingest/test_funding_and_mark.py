"""Funding stamps and mark prices, and how they meet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.ingest.market_files import Desk, csv_rows, csv_text, refusal
from tests.unit.lake.bars import MARKET, START, bars

from karat.core.time import HOUR_MS

EIGHT_HOURS = 8 * HOUR_MS


def funding_file(folder: Path, stamps: list[tuple[int, float]]) -> Path:
    path = folder / "funding" / "binance_perp" / "BTCUSDT.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("ts,funding_rate\n" + "".join(f"{ts},{rate}\n" for ts, rate in stamps))
    return path


def mark_file(folder: Path, rows: list[str]) -> Path:
    path = folder / "mark" / "binance_perp" / "1h" / "BTCUSDT.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(csv_text(rows))
    return path


def good(count: int = 6, late: int = 3) -> list[tuple[int, float]]:
    return [(START + number * EIGHT_HOURS + late, 0.0001 * number) for number in range(count)]


def test_stamps_are_snapped_to_the_minute(desk: Desk) -> None:
    stamps = [(START - 4, 0.0001), (START + EIGHT_HOURS + 17, -0.0002)]
    assert desk.take(funding_file(desk.folder, stamps), market=None)[0].status == "imported"
    funding = desk.lake.funding(MARKET)
    assert funding.ts.tolist() == [START, START + EIGHT_HOURS]
    assert funding.rate.tolist() == [0.0001, -0.0002]
    assert np.isnan(funding.mark).all()


def test_two_stamps_of_one_minute_are_refused(desk: Desk) -> None:
    stamps = [*good(2), (START + EIGHT_HOURS + 900, 0.0001), *good(3)[2:]]
    error = refusal(desk.take(funding_file(desk.folder, stamps))[0])
    assert (error.code, error.line) == ("duplicate", 4)


@pytest.mark.parametrize(
    ("stamps", "code", "line"),
    [
        (good()[::-1], "unordered", 3),
        ([*good(2), (START + 2 * EIGHT_HOURS, float("nan"))], "nan", 4),
        ([*good(2), (START + 2 * EIGHT_HOURS, 1.5)], "bad_rate", 4),
    ],
)
def test_bad_stamps_are_refused_by_line(desk: Desk, stamps: list[tuple[int, float]], code: str, line: int) -> None:
    error = refusal(desk.take(funding_file(desk.folder, stamps))[0])
    assert (error.code, error.line) == (code, line)
    assert len(desk.lake.funding(MARKET).ts) == 0


def test_the_mark_price_is_that_of_the_bar_that_opens_at_the_stamp(desk: Desk) -> None:
    funding = funding_file(desk.folder, good())
    mark = mark_file(desk.folder, csv_rows(20))
    for order in ((mark, funding), (funding, mark)):
        fresh = Desk(desk.folder / order[0].parts[-4])
        assert [result.status for result in fresh.take(*order, market=None)] == ["imported", "imported"]
        joined = fresh.lake.funding(MARKET).mark
        opens = bars(20).open
        assert joined[:3].tolist() == [opens[0], opens[8], opens[16]]
        assert np.isnan(joined[3:]).all()
        assert not joined.flags.writeable


def test_mark_prices_are_no_candles(desk: Desk) -> None:
    desk.take(mark_file(desk.folder, csv_rows(20)), market=None)
    assert desk.lake.list() == ()
    mark = desk.lake.mark(MARKET, HOUR_MS)
    assert mark is not None
    assert len(mark) == 20
    assert not mark.volume.any()


def test_the_same_stamps_again_change_nothing_and_newer_ones_join(desk: Desk) -> None:
    desk.take(funding_file(desk.folder, good(6)))
    assert desk.take(funding_file(desk.folder, good(6, late=900)))[0].status == "unchanged"
    assert desk.take(funding_file(desk.folder, good(8)))[0].added == 2
    changed = [*good(8)[:-1], (good(8)[-1][0], 0.5)]
    assert refusal(desk.take(funding_file(desk.folder, changed))[0]).code == "differs"
    assert len(desk.lake.funding(MARKET).ts) == 8


def test_a_market_without_funding_pays_none(desk: Desk) -> None:
    desk.take_text(csv_text(csv_rows()))
    assert len(desk.lake.funding(MARKET).ts) == 0
    assert not desk.lake.list()[0].has_funding
