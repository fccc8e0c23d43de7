"""Bulk files of Binance: taken where they save questions, checked before they are read, missing ones no loss."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.binance import COINM, SPOT, USDM, Binance
from tests.fakes.binance_archive import HOST, BinanceArchive
from tests.fakes.desk import Desk, same
from tests.fakes.server import DOWN, Internet
from tests.fakes.tape import Tape

from karat.core.errors import RetryLater
from karat.core.time import parse_time_ms, timeframe_ms

FIRST_MS = parse_time_ms("2024-01-10")
NOW_MS = parse_time_ms("2024-03-05T12:00:01Z")
MARKETS = {"binance_perp:BTCUSDT": USDM, "binance_coinm:BTCUSD_PERP": COINM, "binance_spot:BTCUSDT": SPOT}


class World:
    """An archive and an exchange that play one tape."""

    def __init__(
        self,
        market: str,
        home: Path,
        internet: Internet,
        archives: dict[str, str] | None = None,
        timeframe: str = "5m",
        first_ms: int = FIRST_MS,
    ) -> None:
        self.market, self.host, self.internet, self.timeframe = market, MARKETS[market], internet, timeframe
        step_ms = timeframe_ms(timeframe)
        self.tape = Tape(first_ms, step_ms, (NOW_MS - first_ms) // step_ms + 5)
        tapes = {(market.partition(":")[2], timeframe): self.tape}
        self.exchange = Binance(internet, self.host, tapes, NOW_MS)
        self.archive = BinanceArchive(internet, tapes, NOW_MS)
        self.desk = Desk(home, internet, NOW_MS, archives)

    def download(self) -> None:
        self.desk.download(self.market, self.timeframe)

    def holds_the_truth(self) -> bool:
        return same(self.desk.stored(self.market, self.timeframe), self.tape.truth(NOW_MS))

    def questions(self) -> int:
        return len(self.internet.asked(self.host, "klines"))


@pytest.fixture
def world(home: Path, internet: Internet) -> World:
    return World("binance_perp:BTCUSDT", home, internet)


@pytest.mark.parametrize("market", MARKETS)
def test_months_come_from_files_and_the_rest_from_the_exchange(market: str, home: Path, internet: Internet) -> None:
    world = World(market, home, internet)
    world.download()
    assert world.holds_the_truth()
    assert len(internet.asked(HOST, ".zip")) == 2
    assert world.questions() < 6


def test_newer_files_have_microseconds_and_names(world: World) -> None:
    world.archive.microseconds = world.archive.named = True
    world.download()
    assert world.holds_the_truth()
    assert len(world.internet.asked(HOST, ".zip")) == 2


def test_where_months_are_not_there_yet_days_are_taken(home: Path, internet: Internet) -> None:
    begin_ms = parse_time_ms("2024-02-28")
    world = World("binance_perp:BTCUSDT", home, internet, timeframe="1m", first_ms=begin_ms)
    world.archive.has_months = False
    world.download()
    assert world.holds_the_truth()
    assert len(internet.asked(HOST, ".zip")) == 6
    assert len(internet.asked(HOST, "-2024-02.zip.CHECKSUM")) == 1


def test_without_any_file_the_exchange_is_asked(world: World) -> None:
    world.archive.tapes = {}
    world.download()
    assert world.holds_the_truth()


def test_a_file_that_is_not_what_its_checksum_says_is_never_read(world: World) -> None:
    world.archive.spoiled = True
    error = world.desk.refused(world.market, "5m")
    assert (type(error), error.code) == (RetryLater, "vendor_garbled")
    assert world.desk.lake.list() == ()


def test_another_address_is_asked_in_the_place_of_binances_own(home: Path, internet: Internet) -> None:
    world = World("binance_perp:BTCUSDT", home, internet, {"binance": f"http://127.0.0.1:{internet.port}"})
    world.download()
    assert world.holds_the_truth()
    assert len(internet.asked("127.0.0.1", ".zip")) == 2
    assert internet.asked(HOST) == []


def test_no_address_asks_for_no_files(home: Path, internet: Internet) -> None:
    world = World("binance_perp:BTCUSDT", home, internet, {"binance": ""})
    world.download()
    assert world.holds_the_truth()
    assert internet.asked(HOST) == []


def test_bringing_up_to_date_takes_no_files(world: World) -> None:
    world.download()
    before = len(world.internet.asked(HOST))
    world.download()
    assert len(world.internet.asked(HOST)) == before


def test_an_archive_that_is_down_leaves_the_work_to_the_exchange(world: World) -> None:
    world.internet.script(HOST, *[DOWN] * 50)
    world.download()
    assert world.holds_the_truth()
    assert len(world.internet.asked(HOST)) == 3


def test_a_download_that_failed_takes_no_file_twice(world: World) -> None:
    world.internet.script(world.host, *[None] * 3, *[DOWN] * 20)  # the last month has no file, and the exchange is down
    assert world.desk.refused(world.market, "5m").code == "vendor_down"
    world.internet.calm()
    before = len(world.internet.asked(HOST, ".zip"))
    world.download()
    assert world.holds_the_truth()
    assert (before, len(world.internet.asked(HOST, ".zip"))) == (2, 2)


def test_a_file_with_nothing_but_names_holds_no_bars(world: World) -> None:
    world.archive.named = True
    january = {ts for ts in world.tape.rows if ts < parse_time_ms("2024-02-01")}
    world.tape.withheld = january - {FIRST_MS}
    world.download()
    assert len(world.desk.stored(world.market, "5m")) == len(world.tape.truth(NOW_MS)) - len(january) + 1


@pytest.mark.parametrize("text", ["1704844800000,1,2\n", "a,b\n1704844800000,x,2,3,4,5,6,7,8,9,10,11\n"])
def test_a_file_of_another_shape_is_garbage(world: World, text: str) -> None:
    world.archive.text = text
    error = world.desk.refused(world.market, "5m")
    assert (type(error), error.code) == (RetryLater, "vendor_garbled")
    assert world.desk.lake.list() == ()
