"""Tasks that die are begun again, told, and given up by name; on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from tests.streams.virtual import START_MS, VirtualClock, run_virtually
from tests.unit.journal.entries import bot_record

from karat.bots.desk.commands import Commands
from karat.bots.desk.desk import Desk
from karat.bots.desk.switchboard import Safety, Switchboard
from karat.bots.doings import Doings
from karat.bots.supervision import LONGEST_PAUSE_SECONDS, RESTARTS_MAX, Job, Supervisor
from karat.core.errors import KaratError, NeedsOperator, RetryLater
from karat.core.ids import BotId
from karat.journal.store import open_memory_journal
from karat.ports.cockpit import BotState
from karat.ports.commands import CommandAsked
from karat.venues.paper import PaperVenue

ADA, BEA = BotId("ada"), BotId("bea")
PASSING = RetryLater("venue_down", "It does not answer.")


class House:
    """A desk on a virtual clock, with tasks whose ends are written down: None ends it, an error kills it."""

    def __init__(self) -> None:
        self.journal = open_memory_journal()
        for bot in (ADA, BEA):
            self.journal.create_bot(bot_record(bot))
        self.clock = VirtualClock()
        self.desk = Desk(self.journal, PaperVenue(), self.journal.take_lease("one", 0, 1_000), self.clock.now_ms)
        self.doings = Doings(self.desk)
        self.begun_s: list[float] = []
        self.shut: list[bool] = []

    def job(self, bot: BotId | None, ends: list[BaseException | None], takes_s: float = 10.0) -> Job:
        """It lasts `takes_s` each time, and ends as `ends` say, one after the other; then it never ends."""
        left = iter(ends)

        async def work() -> None:
            self.begun_s.append((self.clock.now_ms() - START_MS) / 1000)
            self.shut.append(bool(self.desk.condition.dead))
            await self.clock.sleep(takes_s)
            for end in left:
                if end is None:
                    return
                raise end
            await asyncio.Event().wait()

        if bot is None:
            return Job(work)
        return Job(work, lambda: [] if bot in self.doings.over else [bot], lambda: 7)

    def run(self, **jobs: Job) -> None:
        run_virtually(Supervisor(self.desk, self.doings, self.clock, None).run(jobs))

    def told(self) -> list[tuple[str, int]]:
        return [(one.kind, one.payload["deaths"]) for one in self.journal.log(0, 999) if "deaths" in one.payload]


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.journal.close()


def test_what_passes_is_tried_again_for_ever_with_pauses_that_grow_to_a_longest_one(house: House) -> None:
    house.run(ada=house.job(ADA, [PASSING] * 8 + [None], takes_s=0.0))
    assert house.begun_s == [0, 0, 1, 3, 7, 15, 31, 47, 63] and LONGEST_PAUSE_SECONDS == 16.0
    assert house.told() == [("warning", one) for one in range(1, 9)]
    assert house.journal.status(ADA).state is BotState.RUNNING


def test_what_nobody_foresaw_is_tried_five_times_and_then_its_bots_fail_and_others_go_on(house: House) -> None:
    house.run(ada=house.job(ADA, [ZeroDivisionError("why")] * 9, 0.0), bea=house.job(BEA, [None], takes_s=100.0))
    assert house.begun_s == [0, 0, 1, 3, 7, 15, 31] and RESTARTS_MAX == 5
    assert house.told() == [("alarm", one) for one in range(1, 6)]
    ada = house.journal.status(ADA)
    assert ada.state is BotState.FAILED and "died 6 times" in ada.cause and "ZeroDivisionError: why" in ada.cause
    assert house.journal.status(BEA).state is BotState.STOPPED, "nothing was told of it"


def test_a_halted_bot_stays_halted_while_its_task_is_begun_again(house: House) -> None:
    async def halted() -> None:
        house.desk.halt(ADA, "person", "by hand")
        jobs = {"ada": house.job(ADA, [ZeroDivisionError(), None])}
        await Supervisor(house.desk, house.doings, house.clock, None).run(jobs)

    run_virtually(halted())
    status = house.journal.status(ADA)
    assert (status.state, status.cause) == (BotState.HALTED, "by hand") and house.told() == [("alarm", 1)]


def test_while_what_stands_over_all_is_down_no_entry_passes_and_it_ends_with_the_others(house: House) -> None:
    watch = house.job(None, [PASSING, ZeroDivisionError(), PASSING], takes_s=10.0)
    house.run(watch=watch, ada=house.job(ADA, [None], takes_s=10.5))
    assert house.begun_s == [0, 0, 10] and house.shut == [False] * 3
    house.begun_s.clear()
    down: list[tuple[float, bool]] = []

    async def looks() -> None:
        for _ in range(4):
            await house.clock.sleep(10.3)
            down.append(((house.clock.now_ms() - START_MS) / 1000, bool(house.desk.condition.dead)))

    house.run(watch=house.job(None, [ZeroDivisionError(), None]), ada=Job(looks, lambda: [ADA]))
    assert down[:2] == [(10.3, True), (20.6, False)] and not house.desk.condition.dead


@pytest.mark.parametrize("code", ["lease_lost", "workers_closed"])
def test_a_process_that_lost_its_place_ends_whole(code: str, house: House) -> None:
    with pytest.raises(KaratError, match="Somebody else"):
        house.run(ada=house.job(ADA, [RetryLater(code, "Somebody else.")]), bea=house.job(BEA, []))
    with pytest.raises(NeedsOperator):
        house.run(ada=house.job(ADA, [NeedsOperator(code, "Somebody else.")]), bea=house.job(BEA, []))
    assert house.told() == []


def test_a_task_that_somebody_cancelled_is_begun_again(house: House) -> None:
    ends: list[BaseException | None] = [asyncio.CancelledError(), None]
    house.run(ada=house.job(ADA, ends))
    assert house.begun_s == [0, 10] and house.told() == [("warning", 1)]


async def test_a_command_to_stop_is_answered_where_it_cannot_be_followed(house: House) -> None:
    commands = Commands(house.desk, Switchboard(house.desk, Safety()).handlers)
    house.journal.ask(CommandAsked("c-1", 0, "ada", "stop"))
    assert commands.tick() == 1
    answered = house.journal.command("c-1")
    assert answered is not None and not answered.done and "end with their process" in answered.answer
    assert house.desk.condition.stopping == ""
