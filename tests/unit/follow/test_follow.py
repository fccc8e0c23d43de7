"""Bots on a market that goes on: bars as they close, what a backtest sees, and nothing made up or lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.binance import USDM
from tests.fakes.fixtures import internet, whole_internet
from tests.fakes.server import SILENCE, Internet
from tests.fakes.vendor_server import Answer, VendorServer
from tests.unit.follow.world import DELAY_MS, FIRST, HELD, MARKET, World, opens
from tests.unit.strategies.written import written

from karat.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from karat.feeds.alternative_me.feed import FEED as ALTERNATIVE_ME
from karat.ingest.importer import ImportOptions, import_paths
from karat.lake.quality import measure
from karat.ports.cockpit import BotState

__all__ = ["internet", "whole_internet"]


@pytest.fixture
async def world(tmp_path: Path, internet: Internet) -> World:
    """A lake with the first bars; the journal is closed when the test ends."""
    made = World(tmp_path, internet)
    await made.fill()
    return made


@pytest.fixture(autouse=True)
def closed(world: World) -> Iterator[None]:
    yield
    world.journal.close()


async def test_each_bar_comes_when_it_has_closed_in_one_round_for_all_bots(world: World) -> None:
    ada, bea = world.create("ada"), world.create("bea", "donchian_breakout")
    slow = world.create("slow", "bollinger_mean_reversion", 2 * HOUR_MS)
    await world.run(ada, bea, slow, until=60)
    assert [world.journal.status(bot).bars for bot in (ada, bea, slow)] == [60, 60, 30]
    assert world.lake.candles(MARKET, HOUR_MS).ts.tolist() == [opens(bar) for bar in range(62)]
    assert world.rounds() == [1] + [DELAY_MS] * 23, "at the start, then after each close, whoever waits for it"
    pages = [one.query["startTime"] for one in world.internet.asked(USDM, "/klines") if one.query["startTime"] != "0"]
    assert pages[-22:] == [str(opens(bar)) for bar in range(40, 62)], "one question for bars after each close"
    assert world.told(ada) == [] and all(world.compared(bot).equal for bot in (ada, bea, slow))


async def test_stopped_for_hours_it_catches_up_over_the_bars_it_missed(world: World) -> None:
    ada = world.create("ada")
    for until, hours_away in ((HELD + 1, 0), (50, 9), (75, 0)):
        await world.run(ada, until=until)
        assert world.journal.status(ada).bars == until
        world.clock.turn(3600.0 * hours_away)
    result = world.compared(ada)
    assert result.differences == () and result.fills > 5 and world.told(ada) == []


async def test_a_late_bar_is_told_and_taken_at_the_next_round(world: World) -> None:
    ada, late = world.create("ada"), opens(50)
    world.venue.late = {late: late + HOUR_MS + 30 * MINUTE_MS}
    await world.run(ada, until=60)
    assert world.told(ada) == ["bar_late", "bar_came"]
    assert world.compared(ada).differences == ()


async def test_several_late_bars_come_in_order(world: World) -> None:
    ada = world.create("ada")
    back = opens(54) + 30 * MINUTE_MS
    world.venue.late = {opens(bar): back for bar in range(50, 54)}
    await world.run(ada, until=60)
    assert world.told(ada) == ["bar_late", "bar_came"]
    assert world.lake.candles(MARKET, HOUR_MS).ts.tolist() == [opens(bar) for bar in range(61)]
    assert world.compared(ada).differences == ()


async def test_bars_that_the_venue_has_not_got_are_passed_over_aloud(world: World) -> None:
    ada = world.create("ada")
    never = opens(10_000)
    world.venue.late = {opens(50): never, opens(51): never}
    await world.run(ada, until=60)
    assert world.told(ada) == ["bar_late", "bars_missing", "bar_came"]
    assert world.journal.status(ada).bars == 58 and world.compared(ada).differences == ()


async def test_a_venue_that_says_nothing_holds_the_bot_and_says_why(world: World) -> None:
    ada = world.create("ada")
    await world.run(ada, until=HELD + 2)
    world.internet.script(USDM, *[SILENCE] * 2)
    await world.run(ada, until=60, deadline=0.3)
    assert world.told(ada) == ["bar_late", "bar_came"]
    (late,) = [one for one in world.journal.events(99, bot=ada) if one.payload.get("code") == "bar_late"]
    assert "no answer within 0.3 s" in late.text and world.compared(ada).equal
    assert world.journal.status(ada).state == BotState.STOPPED


async def test_a_declared_series_is_what_its_backtest_sees_though_the_vendor_fails(
    world: World, tmp_path: Path
) -> None:
    body = """
mood = market.series("fear_greed")
closed = market.ts + market.timeframe_ms
seen = np.searchsorted(market.observations("fear_greed").available_at, closed, side="right")
turn = (mood + 3.0 * seen + closed // 18_000_000) % 2.0
return signals(len(market), long=turn == 1.0, exit_long=turn == 0.0)"""
    world.strategies["moody"] = written(tmp_path, "moody", body, needs=("fear_greed",))
    file = tmp_path / "alt" / "crypto_fear_greed_daily.csv"
    file.parent.mkdir()
    file.write_text(f"ts,value\n{FIRST - 2 * DAY_MS},10\n{FIRST - DAY_MS},20\n")
    import_paths(world.lake, [file], ImportOptions())
    async with VendorServer() as vendor:
        page, world.sources = ALTERNATIVE_ME.open(world.clock, {}, url=vendor.url, key="", request_seconds=1.0)
        days = [{"timestamp": str((FIRST + day * DAY_MS) // 1000), "value": str(31 + day)} for day in range(4)]
        broken = Answer("", 500)
        answers = [days[:day] for day in (2, 2, 2, 2)] + [broken] * 9 + [[{**days[1], "value": "77"}, *days[:1]]]
        vendor.answers(
            "/fng/", *[one if isinstance(one, Answer) else {"data": one} for one in answers], {"data": days[:3]}
        )
        moody = world.create("moody", "moody")
        for until in (HELD, 47, 55, 75):
            await world.run(moody, until=until)
        await page.aclose()
    known = world.case("moody").series[0]
    assert len(known.ts) > 5, "two of the file, three days, and what was revised"
    result = world.compared(moody)
    assert result.differences == () and result.fills > 5


async def test_a_past_that_changes_under_a_running_bot_fails_it_and_leaves_others(world: World) -> None:
    ada = world.create("ada")
    calls = 0

    def change() -> None:
        nonlocal calls
        calls += 1
        candles = world.lake.candles(MARKET, HOUR_MS)
        volume = candles.volume.copy()
        volume[3] += 1.0
        with world.lake.change() as lake:
            lake.put_candles(replace(candles, volume=volume), measure(candles, sessions=False))

    world.venue.before[opens(50)] = change
    await world.run(ada, until=60)
    status = world.journal.status(ada)
    assert calls == 1 and status.state == BotState.FAILED and "candles" in status.cause and status.bars < 60
