"""Equities from Yahoo and Alpaca: raw bars in real sessions, splits and dividends beside them, adjusted when read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.fakes import alpaca, yahoo
from tests.fakes.desk import Desk, same
from tests.fakes.equities import Equity
from tests.fakes.server import DOWN, EMPTY, GARBAGE, Internet, too_many

from karat.app.vendors import secret
from karat.core.errors import InputError, KaratError, RetryLater
from karat.core.ids import MarketId
from karat.core.time import DAY_MS, HOUR_MS, MINUTE_MS, parse_time_ms
from karat.ingest.page import Bars
from karat.ingest.sessions import opens_between, session_times
from karat.lake.adjust import actions_name, actions_of
from karat.lake.reading import read_market
from karat.ports.history import Action

FIRST_MS = parse_time_ms("2023-11-01")
END_MS = parse_time_ms("2024-03-01")
SPLIT_MS, DIVIDEND_MS = parse_time_ms("2024-01-16"), parse_time_ms("2023-12-08")
LATER_MS = parse_time_ms("2024-02-20")
NOW_MS = parse_time_ms("2024-02-14T18:00:00Z")
ACTIONS = (Action(DIVIDEND_MS, "dividend", 0.6), Action(SPLIT_MS, "split", 4.0), Action(LATER_MS, "split", 2.0))


class World:
    """One vendor with one equity, and a desk."""

    def __init__(self, venue: str, home: Path, internet: Internet) -> None:
        self.internet, self.market = internet, f"{venue}:AAPL"
        self.equity = Equity(FIRST_MS, END_MS, ACTIONS)
        fakes = {"yahoo": yahoo.Yahoo, "alpaca": alpaca.Alpaca}
        self.vendor = fakes[venue](internet, {"AAPL": self.equity}, NOW_MS)
        self.host = {"yahoo": yahoo.HOST, "alpaca": alpaca.HOST}[venue]
        self.desk = Desk(home, internet, NOW_MS)

    def download(self, *, ask_again: bool = False) -> None:
        self.held = self.desk.download(self.market, "1d", ask_again=ask_again)

    def holds_the_truth(self) -> bool:
        return same(self.desk.stored(self.market, "1d"), self.equity.truth(self.vendor.now_ms))

    def actions(self) -> tuple[Action, ...]:
        return actions_of(self.desk.lake.table(actions_name(MarketId(self.market))))


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APCA_API_KEY_ID", alpaca.KEYS["apca-api-key-id"])
    monkeypatch.setenv("APCA_API_SECRET_KEY", alpaca.KEYS["apca-api-secret-key"])


@pytest.fixture(params=["yahoo", "alpaca"])
def world(request: pytest.FixtureRequest, home: Path, internet: Internet, keys: None) -> World:
    return World(request.param, home, internet)


def test_what_was_traded_is_stored_without_today(world: World) -> None:
    world.download()
    assert world.holds_the_truth()
    assert world.held.missing == 0
    [entry] = world.desk.lake.list()
    assert entry.sessions


def test_splits_and_dividends_are_stored_as_they_were_on_their_days(world: World) -> None:
    world.download()
    assert world.actions() == ACTIONS[:2]


def test_a_later_split_changes_no_stored_bar(world: World) -> None:
    world.download()
    world.vendor.now_ms = parse_time_ms("2024-02-27T18:00:00Z")
    world.download()
    assert world.held.revised == 0
    assert world.holds_the_truth()
    assert world.actions() == ACTIONS


def test_a_session_that_is_missing_is_refilled(world: World) -> None:
    world.equity.withheld = {parse_time_ms("2023-11-24"), parse_time_ms("2024-01-05")}
    world.download()
    assert (world.held.gaps, world.held.missing) == (2, 2)
    world.equity.withheld = set()
    world.download(ask_again=True)
    assert world.held.refilled == 2
    assert world.holds_the_truth()


def test_an_unknown_symbol_is_refused(world: World) -> None:
    error = world.desk.refused(world.market.replace("AAPL", "NOSUCH"), "1d")
    assert (type(error), error.code) == (InputError, "symbol_unknown")


def test_hours_of_yahoo_are_refused_with_what_there_is(home: Path, internet: Internet) -> None:
    world = World("yahoo", home, internet)
    error = world.desk.refused(world.market, "1h")
    assert error.code == "timeframe_unknown"
    assert "30m" in error.hint


@pytest.mark.parametrize("trouble", [DOWN, GARBAGE, EMPTY, too_many(9)], ids=["503", "html", "empty", "429"])
def test_one_failure_is_waited_out(world: World, trouble: object) -> None:
    world.internet.script(world.host, None, trouble)  # type: ignore[arg-type]
    world.download()
    assert world.holds_the_truth()


def test_nonsense_without_end_is_an_error(world: World) -> None:
    world.internet.script(world.host, *[EMPTY] * 9)
    error = world.desk.refused(world.market, "1d")
    assert (type(error), error.code) == (RetryLater, "vendor_garbled")


def test_a_refused_key_is_told_without_being_shown(
    home: Path, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APCA_API_KEY_ID", "PKWRONG")
    monkeypatch.setenv("APCA_API_SECRET_KEY", "very-wrong-secret")
    error = World("alpaca", home, internet).desk.refused("alpaca:AAPL", "1d")
    assert error.code == "key_refused"
    assert "wrong" not in f"{error!s} {error!r} {error.__cause__} {error.__context__}".lower()


def test_a_missing_key_is_named(home: Path, internet: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APCA_API_KEY_ID", raising=False)
    error = World("alpaca", home, internet).desk.refused("alpaca:AAPL", "1d")
    assert error.code == "key_missing"
    assert "APCA_API_KEY_ID" in error.hint
    assert internet.requests == []


def test_a_key_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("abc\n")
    monkeypatch.setenv("SOME_KEY_FILE", str(tmp_path / "key"))
    assert secret("SOME_KEY") == "abc"
    monkeypatch.setenv("SOME_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(KaratError, match="SOME_KEY_FILE"):
        secret("SOME_KEY")


def test_prices_are_read_in_the_shares_of_the_first_bar(world: World) -> None:
    world.download()
    market = MarketId(world.market)
    raw = world.desk.lake.candles(market, DAY_MS)
    read = read_market(world.desk.lake, market, DAY_MS)
    day = int(np.searchsorted(raw.ts, SPLIT_MS))
    eve = int(np.searchsorted(raw.ts, DIVIDEND_MS)) - 1
    paid = raw.close[eve] / (raw.close[eve] - 0.6)
    assert np.array_equal(read.candles.close[: eve + 1], raw.close[: eve + 1])
    assert read.candles.close[day] == raw.close[day] * (paid * 4.0)
    assert read.candles.volume[day] == raw.volume[day] / 4.0
    assert read.adjustment is not None
    assert (read.adjustment.count("split"), read.adjustment.count("dividend")) == (1, 1)


def test_a_split_that_comes_later_changes_nothing_that_was_read_before(world: World) -> None:
    world.download()
    market = MarketId(world.market)
    then = read_market(world.desk.lake, market, DAY_MS).candles
    world.vendor.now_ms = parse_time_ms("2024-02-27T18:00:00Z")
    world.download()
    again = read_market(world.desk.lake, market, DAY_MS).candles
    assert len(again) > len(then)
    assert same(Bars.of(again)[: len(then)], Bars.of(then))


def test_a_half_day_ends_early() -> None:
    day = parse_time_ms("2023-11-24")  # the day after Thanksgiving: trading ends at 13:00 in New York
    [opened], [closed] = session_times("XNYS", day, day + DAY_MS)
    assert (opened, closed) == (day + 14 * HOUR_MS + 30 * MINUTE_MS, day + 18 * HOUR_MS)
    hours = opens_between("XNYS", HOUR_MS, day, day + DAY_MS)
    assert [int(ts - day) // HOUR_MS for ts in hours] == [14, 15, 16, 17]
    assert len(opens_between("XNYS", MINUTE_MS, day, day + DAY_MS)) == 210


def test_summer_time_and_holidays_move_the_sessions() -> None:
    [before] = session_times("XNYS", parse_time_ms("2024-03-08"), parse_time_ms("2024-03-09"))[0]
    [after] = session_times("XNYS", parse_time_ms("2024-03-11"), parse_time_ms("2024-03-12"))[0]
    assert (before // MINUTE_MS % 1440, after // MINUTE_MS % 1440) == (14 * 60 + 30, 13 * 60 + 30)
    days: Callable[[str, str], int] = lambda a, b: len(  # noqa: E731
        opens_between("XNYS", DAY_MS, parse_time_ms(a), parse_time_ms(b))
    )
    assert days("2023-12-25", "2023-12-26") == 0
    assert days("2023-12-18", "2024-01-02") == 9


def test_a_calendar_that_is_unknown_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        opens_between("NOWHERE", DAY_MS, FIRST_MS, END_MS)
    assert caught.value.code == "calendar_unknown"


def test_weeks_have_no_sessions() -> None:
    with pytest.raises(InputError) as caught:
        opens_between("XNYS", 7 * DAY_MS, FIRST_MS, END_MS)
    assert caught.value.code == "timeframe_unknown"
