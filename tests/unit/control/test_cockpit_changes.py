"""Who follows events hears each of them once, in order: woken by the bus, read from the journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
from tests.unit.bots.fleet import Desk, StillClock, demo
from tests.unit.journal.desk_entries import set_state

from karat.bots.bus import Bus
from karat.bots.runner import Runner
from karat.control import cockpit_changes
from karat.control.cockpit import JournalCockpit
from karat.core.ids import BotId
from karat.feeds.replay import ReplayFeed
from karat.ports.cockpit import BotState, EventKind, EventRow
from karat.ports.journal import Happening
from karat.venues.paper import PaperVenue

ADA = BotId("ada")
NEVER = 86_400.0


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks for what other processes wrote."""
    monkeypatch.setattr(cockpit_changes, "OTHERS_EVERY_SECONDS", NEVER)


async def run_bot(desk: Desk, bus: Bus) -> None:
    clock = StillClock()
    feed = ReplayFeed(desk.candles, desk.funding, clock)
    await Runner(desk.journal, lambda key: feed, PaperVenue(), desk.strategies, clock, bus=bus).run([ADA])


async def to_the_end(stream: AsyncIterator[EventRow]) -> list[EventRow]:
    """All but MARKED, up to the event that tells of the end."""
    rows = []
    async for row in stream:
        if row.kind is not EventKind.MARKED:
            rows.append(row)
        if row.kind is EventKind.FINISHED:
            break
    return rows


@pytest.mark.parametrize("takes_its_time", [False, True])
async def test_each_event_comes_once_and_in_order_whoever_is_slow(
    takes_its_time: bool, tmp_path: Path, deaf: None
) -> None:
    desk, bus = Desk(tmp_path, *demo(300)), Bus()
    desk.create(ADA)
    cockpit = JournalCockpit(desk.journal, 0, bus=bus)
    async with aclosing(cockpit.changes(0)) as stream:
        first = asyncio.ensure_future(anext(stream))
        running = asyncio.create_task(run_bot(desk, bus))
        if takes_its_time:
            await running  # what came meanwhile is more than its queue holds
        heard = [row for row in [await first] if row.kind is not EventKind.MARKED] + await to_the_end(stream)
        await running
    written = [row for row in reversed(cockpit.events(10_000)) if row.id <= heard[-1].id]
    assert len(written) > 50 and heard == written
    assert not bus.is_heard
    desk.journal.close()


async def test_what_another_process_wrote_is_looked_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *demo(30))
    desk.create(ADA)
    cockpit = JournalCockpit(desk.journal, 0, bus=Bus())
    async with aclosing(cockpit.changes(10**9)) as stream:
        coming = asyncio.ensure_future(anext(stream))
        await asyncio.wait({coming}, timeout=0.1)
        assert not coming.done()
        set_state(desk.journal, ADA, BotState.STOPPED, Happening(EventKind.WARNING, "from elsewhere"))
        assert (await coming).text == "from elsewhere"
    desk.journal.close()
