"""Files in local time: turned to UTC when the user names the zone, and said so."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.unit.ingest.market_files import Desk, csv_rows, csv_text, refusal
from tests.unit.lake.bars import MARKET, START, bars

from karat.core.errors import InputError
from karat.core.time import DAY_MS, HOUR_MS, parse_time_ms
from karat.ingest.zones import zone_name


def local_text(zone: str, start: int = START, count: int = 48, step: int = HOUR_MS) -> str:
    """Bars stamped with the wall clock of a zone, which the file does not name."""
    clock = ZoneInfo(zone)

    def wall_clock(ts: int) -> str:
        return f"{datetime.fromtimestamp(ts / 1000, UTC).astimezone(clock):%Y-%m-%d %H:%M:%S}"

    rows = [row.split(",", 1) for row in csv_rows(count, start=start, step=step)]
    return csv_text([f"{wall_clock(int(ts))},{rest}" for ts, rest in rows])


@pytest.mark.parametrize(
    ("zone", "said"), [("Europe/Moscow", "Europe/Moscow"), ("Europe/Moscow", "+03:00"), ("America/New_York", "-05:00")]
)
def test_local_times_become_utc_and_the_report_says_so(desk: Desk, zone: str, said: str) -> None:
    result = desk.take_text(local_text(zone), zone=said)
    assert desk.lake.candles(MARKET, HOUR_MS).ts.tolist() == bars(48).ts.tolist()
    assert result.quality is not None
    assert said in result.quality.repairs[0]


def test_integers_can_be_local_too(desk: Desk) -> None:
    assert desk.take_text(csv_text(csv_rows(48, start=START + 3 * HOUR_MS)), zone="+03:00").status == "imported"
    assert desk.lake.candles(MARKET, HOUR_MS).ts[0] == START


@pytest.mark.parametrize("night", ["2024-03-30", "2024-10-26"])
def test_hours_around_a_change_of_the_clocks_find_their_place(desk: Desk, night: str) -> None:
    start = parse_time_ms(night)
    assert desk.take_text(local_text("Europe/Berlin", start), zone="Europe/Berlin").status == "imported"
    assert desk.lake.candles(MARKET, HOUR_MS).ts.tolist() == [start + hour * HOUR_MS for hour in range(48)]


def test_days_of_local_midnight_are_refused_in_utc(desk: Desk) -> None:
    start = parse_time_ms("2024-03-25T23:00:00")
    text = local_text("Europe/Berlin", start, 10, DAY_MS)  # the wall clock says 00:00, then 01:00
    assert refusal(desk.take_text(text, timeframe="1d")).code == "wrong_zone"


def test_a_time_that_never_was_is_refused(desk: Desk) -> None:
    rows = csv_rows(48, start=parse_time_ms("2024-03-31"))
    error = refusal(desk.take_text(csv_text(rows), zone="Europe/Berlin"))
    assert (error.code, error.line) == ("bad_time", 4)


def test_a_zone_named_twice_is_refused(desk: Desk) -> None:
    text = local_text("UTC").replace(":00:00,", ":00:00+00:00,")
    assert refusal(desk.take_text(text, zone="+03:00")).code == "bad_time"
    assert desk.take_text(text).status == "imported"


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        zone_name("Mars/Olympus")
    assert caught.value.code == "unknown_zone"
