"""What the bus tells is what the journal holds; who is slow loses the oldest, and knows how many."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.bots.fleet import Desk, StillClock, demo

from karat.bots.bus import Bus, Listener
from karat.bots.runner import Runner
from karat.core.ids import BotId
from karat.feeds.replay import ReplayFeed
from karat.ports.trading import LoggedEvent
from karat.venues.paper import PaperVenue


def run_with(bus: Bus, desk: Desk, bot: BotId) -> None:
    clock = StillClock()
    runner = Runner(
        desk.journal, lambda key: ReplayFeed(desk.candles, desk.funding, clock), PaperVenue(), desk.strategies, clock,
        bus=bus,
    )  # fmt: skip
    asyncio.run(runner.run([bot]))


def test_every_event_is_heard_once_in_order_as_the_journal_has_it(tmp_path: Path) -> None:
    desk, bus = Desk(tmp_path, *demo(300)), Bus()
    bot = desk.create("ada")
    before = len(desk.journal.log(0, 10_000))
    all_of_it, slow = Listener(10_000, lambda: None), Listener(7, lambda: None)
    with bus.joined(all_of_it), bus.joined(slow):
        run_with(bus, desk, bot)
    log = desk.journal.log(before, 10_000)
    heard = all_of_it.take()
    assert len(log) > 50 and heard.lost == 0 and heard.events == log
    late = slow.take()
    assert late.events == log[-7:] and late.lost == len(log) - 7
    desk.journal.close()


def event(number: int) -> LoggedEvent:
    return LoggedEvent(number, 0, None, None, "alarm", "", "clock", {})


@given(st.integers(1, 9), st.lists(st.one_of(st.integers(0, 12), st.none()), max_size=30))
def test_what_is_heard_and_what_is_lost_make_up_all_of_it(size: int, doings: list[int | None]) -> None:
    told, met = 0, 0
    listener = Listener(size, lambda: None)
    for count in doings:
        if count is None:
            heard = listener.take()
            met += heard.lost
            for one in heard.events:
                assert one.sequence == met
                met += 1
            assert met == told
        else:
            listener.put([event(told + place) for place in range(count)])
            told += count


async def test_a_listener_of_another_thread_is_woken_and_nobody_waits_for_one_that_sleeps() -> None:
    bus = Bus()
    with bus.listening(3) as one:
        await asyncio.to_thread(bus.publish, [event(0), event(1)])
        assert [item.sequence for item in (await one.heard()).events] == [0, 1]
        for number in range(2, 100):
            await asyncio.to_thread(bus.publish, [event(number)])
        heard = await one.heard()
        assert [item.sequence for item in heard.events] == [97, 98, 99] and heard.lost == 95
    assert not bus.is_heard
