"""L1, L3 to L7, E1 to E8: each fires on a history that breaks it, and is silent on one that does not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.chaos.storm.histories import BOT, History, M, an_event, an_order, recorded, submitted
from tests.chaos.storm.invariants import ending
from tests.chaos.storm.invariants.deadlines import Healed, Killed, Pages, Ready, Ticks, Unheard
from tests.chaos.storm.invariants.log import log_hash
from tests.chaos.storm.loop import VirtualLoop
from tests.chaos.storm.memory_journal import MemoryJournal
from tests.chaos.storm.seeds import Dice
from tests.chaos.storm.setting import START_MS
from tests.chaos.storm.stand_in_plug import StandInPlug
from tests.chaos.storm.tape import Began, Commanded, Delivered, Notified, Tape
from tests.chaos.storm.world import SECOND, World

from karat.core.ids import BotId
from karat.oms.client_ids import Part
from karat.oms.records import Status
from karat.ports.cockpit import BotState, EventKind
from karat.ports.journal import BarEntry, Decision
from karat.ports.trading import LoggedEvent, OrderRecord, StateChange, TradeTrace

KILL = Commanded(1, START_MS, "c1", "kill", may=True, accepted=True)


def test_l1_what_is_unknown_is_known_in_time() -> None:
    for resolved, expected in (True, []), (False, ["L1"]):
        history = History(Unheard())
        history.commit(an_order(status=Status.UNKNOWN))
        history.wait(500_000, good=False)
        history.wait(125_000)
        if resolved:
            history.commit(an_order(status=Status.REJECTED))
        history.wait(1_000)
        assert history.names == expected


def test_l3_after_a_kill_entries_go_and_positions_too() -> None:
    history = History(Killed())
    order = history.trade(an_order())
    history.commit(order)
    history.exchange.submit(submitted(an_order(intent=1, limit_ticks=29_900)))
    history.wait(1_000)
    history.play(KILL)
    history.wait(120_000)
    assert history.names == []
    history.wait(1_000)
    assert history.names == ["L3", "L3"]


def test_l3_a_kill_that_was_obeyed_is_silent() -> None:
    history = History(Killed())
    history.commit(history.trade(an_order()))
    history.play(KILL)
    history.commit(history.trade(an_order(Part.FLATTEN, -1, intent=1)))
    history.wait(300_000)
    assert history.names == []


def test_l4_a_start_is_reconciled_soon() -> None:
    for is_reconciled, expected in (True, []), (False, ["L4"]):
        history = History(Ready())
        history.memory.is_reconciled = is_reconciled
        history.play(Began(2, START_MS))
        history.wait(31_000)
        assert history.names == expected


def test_l5_a_bar_that_came_is_decided_or_skipped_with_a_reason() -> None:
    bar = BarEntry(BOT, 0, START_MS, 3_000.0, 1_000.0, 0, b"", Decision(), 0)
    decided, skipped = {"bars": [bar]}, {"traces": [TradeTrace(BOT, 0, START_MS, "data", "stale", ())]}
    stopped = {"states": [StateChange(BOT, BotState.STOPPED, "command:1")]}
    for done, expected in (decided, []), (skipped, []), ({}, ["L5"]):
        history = History(Ticks())
        history.play(Delivered(1, START_MS, M, 20_000, START_MS, good=True))
        history.commit(**done)
        history.wait(25_000)
        assert history.names == expected
    history = History(Ticks())
    history.commit(**stopped)
    history.play(Delivered(1, START_MS, M, 20_000, START_MS, good=True))
    history.wait(60_000)
    assert history.names == []


def test_l6_a_page_reaches_somebody() -> None:
    for told, expected in (True, []), (False, ["L6"]):
        history = History(Pages())
        history.commit(events=[an_event(), an_event(kind=EventKind.HALTED)])
        if told:
            history.play(Notified(1, START_MS, 2))
        history.wait(61_000)
        assert history.names == expected
    history = History(Pages())
    history.known.channel_is_up = lambda: False
    history.commit(events=[an_event(kind=EventKind.HALTED)])
    history.wait(120_000)
    assert history.names == [], "nobody can be told while there is no channel"
    history.known.channel_is_up = lambda: True
    history.wait(61_000)
    assert history.names == ["L6"]


def test_l7_after_the_last_fault_there_is_health() -> None:
    for wrong, expected in ((), []), (("drift",), ["L7"]):
        history = History(Healed())
        history.memory.wrong = wrong
        history.known.quiet_from_ms = START_MS + 10_000
        history.wait(130_000)
        assert history.names == []
        history.wait(1_000)
        assert history.names == expected


def test_l7_what_is_wrong_for_a_moment_is_no_illness() -> None:
    history = History(Healed())
    for _ in range(5):
        history.memory.wrong = ("look was late",)
        history.wait(60_000)
        history.memory.wrong = ()
        history.wait(1_000)
    assert history.names == []


def test_l7_a_queue_that_grows_is_noticed() -> None:
    history = History(Healed())
    history.wait(125_000)
    history.memory.sizes["events"] = 500
    history.wait(1_000)
    assert history.names == ["L7"]


class Book(MemoryJournal):
    """A journal that a test fills."""

    def __init__(self, *orders: OrderRecord, traces: tuple[TradeTrace, ...] = ()) -> None:
        super().__init__(())
        self._orders = {record.order.id: record for record in orders}
        self._traces = list(traces)


def ended(*, booked: bool = True, flat: bool = True) -> History:
    """Bought and, where flat, sold."""
    history = History()
    orders = [history.trade(an_order())]
    if flat:
        orders.append(history.trade(an_order(Part.EXIT, -1, intent=1)))
    if booked:
        history.commit(*orders)
    return history


def names(found) -> set[str]:
    return {name for name, _ in found}


def test_e1_what_we_say_is_what_the_venue_has() -> None:
    history = ended()
    journal = Book(*history.known.records.values())
    assert names(ending.same_truth(history.known, journal)) == set()
    assert names(ending.same_truth(ended(booked=False).known, Book())) == {"E1"}
    history.exchange.trade_by_hand(M, 1, 5)
    assert names(ending.same_truth(history.known, journal)) == set()
    forgetful = Book(recorded(an_order()))
    assert names(ending.same_truth(history.known, forgetful)) == {"E1"}


def test_e1_what_has_ended_here_is_not_alive_there() -> None:
    history, order = History(), an_order(limit_ticks=29_900)
    history.exchange.submit(submitted(order))
    history.commit(replace(order, status=Status.CANCELLED))
    assert names(ending.same_truth(history.known, Book(*history.known.records.values()))) == {"E1"}


def test_e2_nothing_is_under_way_and_no_stop_is_left() -> None:
    assert names(ending.nothing_open(ended().known)) == set()
    history = ended()
    history.commit(an_order(intent=5, status=Status.UNKNOWN))
    assert names(ending.nothing_open(history.known)) == {"E2"}
    orphan = ended(flat=False)
    orphan.exchange.submit(submitted(an_order(Part.STOP, -1, 10, 2, trigger_ticks=29_000)))
    assert names(ending.nothing_open(orphan.known)) == set()
    orphan.exchange.trade_by_hand(M, -1, 10)
    assert names(ending.nothing_open(orphan.known)) == {"E2"}


class Folding(StandInPlug):
    """A plug whose replay is `state`."""

    def __init__(self, state: str) -> None:
        super().__init__()
        self.state = state

    def replayed(self, events) -> str:
        return self.state

    def stored(self, journal) -> str:
        return "as it is"


def test_e3_the_log_folds_to_the_tables() -> None:
    assert names(ending.replays(Folding("as it is"), Book(), [])) == set()
    assert names(ending.replays(Folding("as it was"), Book(), [])) == {"E3"}


def test_e4_the_hash_of_a_log_is_of_everything_in_it() -> None:
    one = LoggedEvent(1, 5, BOT, None, "entry", "text", "clock", {"b": 1, "a": 2})
    assert log_hash([one]) == log_hash([replace(one, payload={"a": 2, "b": 1})])
    others = (
        replace(one, at_ms=6),
        replace(one, cause="venue"),
        replace(one, payload={"a": 2}),
        replace(one, bot=None),
    )
    assert len({log_hash([other]) for other in (one, *others)}) == 5


def test_e5_after_a_kill_nothing_is_held_and_nothing_open() -> None:
    assert names(ending.flat(ended().known)) == set()
    assert names(ending.flat(ended(flat=False).known)) == {"E5"}
    history = ended()
    history.exchange.trade_by_hand(M, 1, 5)
    assert names(ending.flat(history.known)) == set()
    history.exchange.submit(submitted(an_order(intent=3, limit_ticks=29_900)))
    assert names(ending.flat(history.known)) == {"E5"}


def test_e6_money_agrees_to_the_last_digit() -> None:
    history = ended()
    wallet = history.exchange.money["USDT"].wallet
    assert names(ending.money(history.known, lambda: {"USDT": wallet})) == set()
    assert names(ending.money(history.known, lambda: {"USDT": wallet + Decimal("1e-18")})) == {"E6"}
    assert names(ending.money(history.known, dict)) == {"E6"}
    assert names(ending.money(ended(booked=False).known, lambda: {"USDT": wallet})) == {"E6"}


@pytest.mark.parametrize("leaks", [False, True])
def test_e7_an_orderly_end_leaves_nothing(leaks: bool) -> None:
    loop = VirtualLoop(World(START_MS), Dice(1, "loop"))

    async def main() -> None:
        task = loop.create_task(_waits(loop))
        if not leaks:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    loop.drive(main(), SECOND)
    assert names(ending.nothing_leaked(loop)) == ({"E7"} if leaks else set())
    loop.abandon()
    loop.release()


async def _waits(loop: VirtualLoop) -> None:
    await loop.create_future()


def test_e8_every_order_leads_back_to_its_decision() -> None:
    history = ended()
    trace = TradeTrace(BotId(BOT), 0, START_MS, "", "long", ())
    assert names(ending.traced(history.known, Book(traces=(trace,)), Tape())) == set()
    assert names(ending.traced(history.known, Book(), Tape())) == {"E8"}
    assert names(ending.traced(ended(booked=False).known, Book(traces=(trace,)), Tape())) == {"E8"}
