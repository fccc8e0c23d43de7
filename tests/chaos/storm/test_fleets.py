"""Fleets: drawn from a seed, several bots on one market, ceilings as their limits leave them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.chaos.storm.callers import Callers
from tests.chaos.storm.desk import DeskPlug, bots
from tests.chaos.storm.faults import VARIANTS, Fault, Kind
from tests.chaos.storm.fleets import ALONE, FREE, LIMITED, fleet_of
from tests.chaos.storm.histories import History, M, an_event, an_order, submitted
from tests.chaos.storm.invariants.gates import WorstCase, may_still_fill
from tests.chaos.storm.invariants.log import Inbox
from tests.chaos.storm.memory_journal import MemoryJournal
from tests.chaos.storm.setting import START_MS, Ceilings, Setting
from tests.chaos.storm.tape import Asked, Committed, Tape
from tests.chaos.storm.world import World

from karat.core.ids import StrategyName
from karat.oms.records import Status
from karat.ports.commands import CommandAsked, CommandTaken
from karat.ports.journal import LimitedBy
from karat.ports.trading import Transaction
from karat.risk import default_limits, with_limit

SEEDS = range(60)


def test_seeds_draw_fleets_with_limits_and_without() -> None:
    assert {fleet_of(seed).name for seed in SEEDS} == {ALONE, FREE, LIMITED}
    assert all(fleet_of(seed) == fleet_of(seed, fleet_of(seed).name) for seed in SEEDS)
    for seed in SEEDS:
        for name, value in (fleet_of(seed, LIMITED).limits or {}).items():
            with_limit(default_limits(), name, value)  # raises where it is none, or out of bounds


def test_a_fleet_has_several_bots_on_one_market_that_trade_both_ways() -> None:
    plug = DeskPlug()
    for seed in SEEDS:
        setting = plug.setting(seed, LIMITED)
        records = bots(setting)
        assert sum(record.market == M for record in records) == 3
        assert {record.parameters["turned"] for record in records if record.market == M} == {False, True}
        assert all(record.limits is LimitedBy.FLEET for record in records)
        assert setting.ceilings.market_money[M] < setting.opening
        assert all(record.limits is LimitedBy.NONE for record in bots(plug.setting(seed, FREE)))


MONEY = replace(Setting(), ceilings=Ceilings(market_money={M: Decimal(60)}, orders=2))


def test_s6_money_is_counted_over_bots_and_orders_by_number() -> None:
    """A lot is worth 3 at 30,000 ticks: 10 and 9 lots are 57 of 60, and two orders; one lot more is a third."""
    history = History(WorstCase(), setting=MONEY)
    for intent, lots, expected in ((0, 10, []), (1, 9, []), (2, 2, ["S6", "S6"])):
        order = an_order(intent=intent, lots=lots)
        history.commit(order)
        history.post(submitted(order))
        assert history.names == expected


def test_s6_one_strategy_has_a_ceiling_of_its_own() -> None:
    ceilings = Ceilings(strategy_money={StrategyName("s"): Decimal(29)}, gross_money=Decimal(1_000))
    history = History(WorstCase(), setting=replace(Setting(), ceilings=ceilings))
    order = an_order()
    history.commit(order)
    history.post(submitted(order))
    assert history.names == ["S6"]


@pytest.mark.parametrize(
    ("status", "reported", "lots"),
    [(Status.UNKNOWN, 0, 10), (Status.CANCEL_REQUESTED, 0, 10), (Status.CANCELLED, 0, 0), (Status.CANCELLED, 4, 4)],
)
def test_what_may_still_fill_is_reserved_until_its_end_is_booked(status: Status, reported: int, lots: int) -> None:
    assert may_still_fill(an_order(status=status, reported_lots=reported)) == lots


def answered(history: History, *taken: CommandTaken, **more: object) -> None:
    events = [replace(an_event(), cause=one.id) for one in taken]
    history.play(Committed(1, START_MS, Transaction(1, START_MS, events=events, taken=taken, **more), 1))


def test_s19_a_command_is_taken_once_and_what_may_not_be_is_refused() -> None:
    asked = Asked(CommandAsked("a", START_MS, "ada", "limits.set", {}), START_MS, True)
    for taken, expected in (
        ([CommandTaken("a", False, "no such limit")], []), ([CommandTaken("a", True, "done")], ["S19"]),
        ([CommandTaken("a", False, "")], ["S19"]), ([CommandTaken("b", True, "done")], ["S19"]),
        ([CommandTaken("a", False, "no"), CommandTaken("a", False, "no")], ["S19"]), ([], ["S19"]),
    ):  # fmt: skip
        history = History(Inbox())
        history.play(asked)
        answered(history, *taken)
        history.wait(21_000)
        assert history.names[:1] == expected


def test_s19_nothing_changes_that_nobody_asked_for() -> None:
    history = History(Inbox())
    answered(history, facts={"limits": {"changes": [{"command": "x"}]}}, parameters={"ada": {"every": 3}})
    assert history.names == ["S19", "S19"]


@pytest.mark.parametrize("kind", [Kind.CALLER, Kind.CONFIGURATION])
def test_every_caller_leaves_something_in_the_inbox(kind: Kind) -> None:
    for variant in VARIANTS[kind]:
        journal, tape = MemoryJournal(()), Tape()
        Callers(journal, World(START_MS), tape).come(Fault(kind, 0, 1_000, "", variant, {"count": 1, "number": 5}))
        asked = [entry for entry in tape.entries if isinstance(entry, Asked)]
        assert asked and [one.command for one in asked] == list(journal.commands_waiting())
