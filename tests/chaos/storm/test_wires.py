"""Wires and journal: what each fault does to what passes by."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.chaos.storm.callers import Callers
from tests.chaos.storm.clock import VirtualClock
from tests.chaos.storm.exchange import Exchange
from tests.chaos.storm.exchange_records import Terms
from tests.chaos.storm.faults import Fault, FaultPlan, Kind, Running
from tests.chaos.storm.gatekeeper import Gatekeeper
from tests.chaos.storm.histories import M, an_order, submitted
from tests.chaos.storm.incidents import Channel, Incidents
from tests.chaos.storm.journal_faults import FaultyJournal, SecondInstance
from tests.chaos.storm.life import Life
from tests.chaos.storm.loop import VirtualLoop
from tests.chaos.storm.memory_journal import MemoryJournal
from tests.chaos.storm.seeds import Dice
from tests.chaos.storm.setting import START_MS, Setting
from tests.chaos.storm.tape import Committed, Leased, Posted, Tape
from tests.chaos.storm.wires import WireEnd, Wires
from tests.chaos.storm.world import SECOND, World

from karat.core.errors import NeedsOperator, RetryLater
from karat.oms.records import EventKind
from karat.ports.trading import Transaction
from karat.ports.venue import Charged, Linked, Look, Looked, OrderSaid, Quoted, Said, Submit


class Line:
    """A process that only listens, at the end of wires with the given faults."""

    def __init__(self, *faults: Fault) -> None:
        setting, plan = Setting(), FaultPlan(1, faults)
        self.world, self.tape, self.faults = World(START_MS), Tape(), Running(plan)
        terms = {one.market: Terms.of(one) for one in setting.instruments}
        self.exchange = Exchange(terms, {"USDT": Decimal(100_000)}, lambda _: 30_000, lambda: self.world.now_ms)
        self.wires = Wires(
            self.world, self.exchange, Gatekeeper(), self.faults, self.tape, Dice(1, "wires"), setting.traits
        )
        self.life = Life(1, self.world, self.faults)
        self.loop = VirtualLoop(self.world, Dice(1, "loop"))
        self.heard: list[Said] = []
        self.journal = MemoryJournal(())
        second = SecondInstance(self.journal, self.world, self.tape)
        callers = Callers(self.journal, self.world, self.tape)
        incidents = Incidents(self.world, self.wires, second, self.faults, callers)
        incidents.life, incidents.loop = self.life, self.loop
        self.end = WireEnd(self.wires, self.life, self.loop)
        self.end.listen(self.heard.append)
        incidents.put(plan)
        self.run(0)
        self.heard.clear()

    def run(self, seconds: float) -> Line:
        self.loop.go_on(self.world.now_us + round(seconds * SECOND))
        return self

    def close(self) -> None:
        self.loop.abandon()
        self.loop.release()

    def send(self, request: Submit | Look | None = None) -> list[EventKind]:
        """Post, wait ten seconds, and tell the kinds of what was heard."""
        self.end.post(request or submitted(an_order()))
        self.run(10)
        return [said.event.kind for said in self.heard if isinstance(said, OrderSaid)]


def always(kind: Kind, variant: str = "", **parameters: int) -> Fault:
    return Fault(kind, 0, 600_000, "", variant, parameters)


def lines(*faults: Fault) -> Line:
    return Line(*faults)


def test_without_faults_an_order_is_acknowledged_and_filled_and_the_stream_says_so() -> None:
    line = lines()
    assert sorted(line.send()) == [EventKind.ACK, EventKind.ACK, EventKind.FILL]
    assert line.wires.reachable
    line.close()


@pytest.mark.parametrize(
    ("fault", "heard", "trades"),
    [
        (always(Kind.REQUEST_LOST, count=1), [], 0),
        (always(Kind.ACK_LOST, count=1), [EventKind.ACK, EventKind.FILL], 1),
        (always(Kind.DROPPED, count=2), [EventKind.ACK], 1),
        (always(Kind.DUPLICATE, count=9), [EventKind.ACK] * 3 + [EventKind.FILL] * 2, 1),
        (always(Kind.REJECT, "margin", count=1), [EventKind.REJECT], 0),
        (always(Kind.DISCONNECT, "orders"), [], 0),
        (always(Kind.HALF_OPEN, "events"), [EventKind.ACK], 1),
        (always(Kind.MAINTENANCE), [], 0),
    ],
    ids=lambda one: one.kind.name if isinstance(one, Fault) else "",
)
def test_what_a_fault_takes_away_or_adds(fault: Fault, heard: list[EventKind], trades: int) -> None:
    line = lines(fault)
    assert sorted(line.send()) == sorted(heard)
    assert len(line.exchange.trades) == trades
    assert line.faults.met
    line.close()


def test_a_late_request_arrives_after_its_time_out_and_is_not_answered() -> None:
    line = lines(always(Kind.LATE_ARRIVAL, count=1, late_ms=4_900))
    line.end.post(submitted(an_order()))
    assert not line.run(4).exchange.trades
    assert len(line.run(1).exchange.trades) == 1
    line.close()


def test_a_partial_fill_comes_in_slices() -> None:
    line = lines(always(Kind.PARTIAL, "slices", count=1, slices=3, lots=1))
    line.end.post(submitted(an_order()))
    line.run(1)
    assert [trade.lots for trade in line.exchange.trades] == [4]
    line.exchange.tick()
    line.exchange.tick()
    assert [trade.lots for trade in line.exchange.trades] == [4, 3, 3]
    line.close()


def test_a_delayed_word_comes_after_those_that_were_said_later() -> None:
    line = lines(always(Kind.REORDERED, "delayed", count=1, delay_ms=3_000))
    line.send()
    kinds = [said.event.kind for said in line.heard if isinstance(said, OrderSaid)]
    assert kinds[-1] == EventKind.ACK and EventKind.FILL in kinds[:-1]
    line.close()


def test_a_nameless_word_has_the_venue_s_id_alone() -> None:
    line = lines(always(Kind.REORDERED, "nameless", count=9))
    line.send()
    events = [said.event for said in line.heard if isinstance(said, OrderSaid)]
    assert [event.venue_id for event in events if event.order is None] == ["V1", "V1"]
    line.close()


def test_a_disconnection_is_told_and_so_is_its_end() -> None:
    line = Line(Fault(Kind.DISCONNECT, 1_000, 5_000, "", "all"))
    line.run(3)
    assert not line.wires.reachable
    line.run(5)
    told = [(said.up, said.part) for said in line.heard if isinstance(said, Linked)]
    assert sorted(told) == sorted([(up, part) for up in (False, True) for part in ("orders", "events", "quotes")])
    assert line.wires.reachable
    line.close()


@pytest.mark.parametrize(
    "fault",
    [
        always(Kind.REQUEST_LOST, count=1),
        always(Kind.ACK_LOST, count=1),
        always(Kind.REORDERED, "delayed", delay_ms=3_000),
    ],
    ids=lambda one: one.kind.name,
)
def test_who_asks_how_things_are_and_is_not_answered_cannot_know_it_for_a_while(fault: Fault) -> None:
    line = lines(fault)
    line.end.post(Look("1"))
    line.run(2.9)
    assert not line.wires.reachable and not any(isinstance(said, Looked) for said in line.heard)
    line.run(0.3)
    assert line.wires.reachable
    assert any(isinstance(said, Looked) for said in line.heard) == (fault.kind is Kind.REORDERED)
    line.close()


def test_a_ban_refuses_what_comes_and_says_until_when() -> None:
    line = Line(Fault(Kind.BAN, 0, 20_000))
    assert line.send() == [EventKind.REJECT]
    assert any(isinstance(said, Linked) and "banned until" in said.reason for said in line.heard)
    line.run(120)
    assert line.heard[-1] == Linked(True, "orders")
    line.close()


def test_a_look_shows_everything_at_one_moment() -> None:
    line = lines()
    line.send()
    line.send(Look("look-1"))
    looked = next(said for said in line.heard if isinstance(said, Looked))
    assert looked.view.positions[M] == 10
    line.close()


def test_a_payment_that_was_missed_comes_again_before_the_next_look() -> None:
    line = lines(always(Kind.HALF_OPEN, "events"))
    line.send()
    line.exchange.fund(M, Decimal("0.001"))
    line.run(1)
    assert not any(isinstance(said, Charged) for said in line.heard)
    line.send(Look("look-1"))
    assert [type(said) for said in line.heard][-2:] == [Charged, Looked]
    line.close()


@pytest.mark.parametrize("place", ["before_post", "after_post"])
def test_what_a_dead_process_posts_goes_nowhere_and_what_left_before_arrives(place: str) -> None:
    line = lines(always(Kind.CRASH, place, count=1, steps=1, down_ms=1_000))
    line.end.post(submitted(an_order()))
    line.end.post(submitted(an_order(intent=1)))
    line.run(2)
    assert not line.life.alive
    assert len(line.exchange.trades) == (place == "after_post")
    assert len([one for one in line.tape.entries if isinstance(one, Posted)]) == (place == "after_post")
    assert not line.heard
    line.close()


def test_bad_quotes_come_through_as_they_are_and_stale_ones_do_not() -> None:
    quoted = Quoted(M, START_MS, 2_999.9, 3_000.1, 3_000.0, 1.0)
    for fault in (always(Kind.BAD_DATA, "crossed"), always(Kind.BAD_DATA, "nan"), always(Kind.STALE_DATA, "withheld")):
        line = lines(fault)
        line.wires.quote(quoted)
        line.run(1)
        told = [said for said in line.heard if isinstance(said, Quoted)]
        assert len(told) == (fault.kind is Kind.BAD_DATA)
        assert all(said.bid is not None and not said.bid < (said.ask or 0) for said in told)
        line.close()


def a_journal(*faults: Fault) -> tuple[FaultyJournal, MemoryJournal, Life, Tape]:
    world, tape, running, inner = World(START_MS), Tape(), Running(FaultPlan(1, faults)), MemoryJournal(())
    life = Life(1, world, running)
    journal = FaultyJournal(inner, life, world, running, tape)
    journal.take_lease("me", START_MS, 1_000)
    return journal, inner, life, tape


WRITE = Transaction(1, START_MS, facts={"kill": {"on": True}})


@pytest.mark.parametrize(("variant", "written"), [("locked", 0), ("full", 0), ("io", 0), ("answer_lost", 1)])
def test_a_database_fails_before_or_after_its_commit(variant: str, written: int) -> None:
    journal, inner, _, tape = a_journal(always(Kind.DATABASE, variant, count=1))
    with pytest.raises(RetryLater):
        journal.write(WRITE)
    assert len(inner.facts()) == len([one for one in tape.entries if isinstance(one, Committed)]) == written
    journal.write(WRITE)
    assert len(inner.facts()) == 1


@pytest.mark.parametrize(("place", "written"), [("before_write", 0), ("after_write", 1)])
def test_a_process_dies_before_or_after_a_commit(place: str, written: int) -> None:
    journal, inner, life, _ = a_journal(always(Kind.CRASH, place, count=1, steps=1, down_ms=1))
    journal.write(WRITE)
    journal.write(Transaction(1, START_MS, facts={"more": {"on": True}}))
    assert (life.alive, len(inner.facts())) == (False, written)


def test_a_second_instance_asks_in_vain_or_takes_the_lease() -> None:
    journal, inner, _, tape = a_journal()
    second = SecondInstance(inner, World(START_MS), tape)
    assert second.come(takes=False) == "lease_held"
    assert second.come(takes=True) == ""
    assert [one.token for one in tape.entries if isinstance(one, Leased)] == [1, 2]
    with pytest.raises(NeedsOperator):
        journal.write(WRITE)


def test_a_clock_jumps_at_once_and_drifts_by_and_by() -> None:
    for variant, half in (("jump", 10_000), ("skew", 5_000)):
        world = World(START_MS)
        clock = VirtualClock(world, Running(FaultPlan(1, (Fault(Kind.CLOCK, 0, 10_000, "", variant, {"ms": 10_000}),))))
        world.pass_until(5 * SECOND)
        assert clock.now_ms() == START_MS + 5_000 + half
        world.pass_until(10 * SECOND)
        assert clock.now_ms() == START_MS + 10_000


def test_a_channel_may_be_down() -> None:
    for faults, expected in ((), 1), ((always(Kind.NOTIFIER),), 0):
        world, running, tape = World(START_MS), Running(FaultPlan(1, faults)), Tape()
        loop, channel = VirtualLoop(world, Dice(1, "loop")), Channel(Life(1, world, running), world, running, tape)
        if expected:
            loop.drive(channel.send(1, "halted"), SECOND)
        else:
            with pytest.raises(RetryLater):
                loop.drive(channel.send(1, "halted"), SECOND)
        assert len(tape.entries) == expected
        loop.close()
