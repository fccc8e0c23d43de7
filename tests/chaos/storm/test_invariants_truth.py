"""What a desk can be wrong about and look well: histories by hand, on which each check fires or does not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.chaos.storm.histories import BOT, OTHER, History, M, an_order, submitted
from tests.chaos.storm.invariants.books import Declared, Fills, Remains, Unbooked
from tests.chaos.storm.invariants.data import Decisions
from tests.chaos.storm.invariants.gates import Shut
from tests.chaos.storm.invariants.lives import Lives
from tests.chaos.storm.setting import START_MS
from tests.chaos.storm.tape import Began, Commanded, Ended, Entry, Leased

from karat.bots.desk.codec import fill_plain
from karat.core.ids import BotId
from karat.oms.records import EventKind, Fill, Order, Status
from karat.ports.cockpit import BotState
from karat.ports.cockpit import EventKind as Told
from karat.ports.journal import BarEntry, Decision, Happening
from karat.ports.trading import NewEvent, StateChange

STOP = Commanded(1, START_MS, "c1", "stop", may=True, accepted=True)
TAKEN = Leased(0, START_MS, 2)


def heard_of(history: History, order: Order) -> Order:
    """It trades, and the process is told of it; the order as it should be booked."""
    done = history.trade(order)
    history.word(EventKind.FILL, order, fill=done.fills[0])
    return done


def test_s4_a_fill_that_was_heard_after_the_end_of_its_order_is_booked() -> None:
    history = History(Unbooked())
    over = an_order(status=Status.CANCELLED)
    history.commit(over)
    done = heard_of(history, over)
    history.wait(20_000)
    history.commit(replace(done, status=Status.CANCELLED))
    history.wait(60_000)
    assert history.names == []
    history.commit(second := an_order(intent=1, status=Status.CANCELLED))
    heard_of(history, second)
    history.wait(21_000)
    assert history.names == ["S4"]


def test_s4_what_was_heard_while_nothing_could_be_written_or_by_who_died_then_may_wait() -> None:
    history = History(Unbooked())
    for intent, then in enumerate((Ended(1, START_MS, "crashed"), None)):
        history.commit(order := an_order(intent=intent))
        heard_of(history, order)
        if then is not None:
            history.play(then)
        history.wait(60_000, good=then is not None)
    assert history.names == []


def test_s4_fills_are_booked_to_the_bot_that_the_order_is_named_for() -> None:
    for bot, expected in (BOT, []), (OTHER, ["S4"]):
        history = History(Fills())
        history.known.numbers = {BOT: 1, OTHER: 2}
        history.commit_of(bot, history.trade(an_order()))
        assert history.names == expected


def test_s5_what_is_said_to_be_nobodys_was_traded_by_nobody() -> None:
    for lots, waits_ms, expected in (3, 0, []), (0, 30_000, []), (0, 90_000, ["S5"]), (13, 0, ["S5"]), (-3, 0, ["S5"]):
        history = History(Declared())
        history.trade(an_order())  # ten lots of a bot
        history.exchange.trade_by_hand(M, 1, 3)
        history.wait(waits_ms)
        history.commit(facts={"external": {M: {"look:1": lots}}})
        assert history.names == expected, (lots, waits_ms)


def test_s5_what_was_declared_before_is_not_judged_again_with_another_market() -> None:
    history = History(Declared())
    history.exchange.trade_by_hand(M, 1, 3)
    history.commit(facts={"external": {M: {"look:1": 3}}})
    history.exchange.trade_by_hand(M, 1, 4)
    history.wait(90_000)
    history.commit(facts={"external": {M: {"look:1": 3}, "storm:BBB": {"look:2": 0}}})
    assert history.names == []
    history.commit(facts={"external": {M: {"look:1": 3, "look:3": 5}}})
    assert history.names == ["S5"]


def settled(bot: BotId, side: int, lots: int, price: str = "3000.0", name: str = "look:0", fee: str = "0") -> NewEvent:
    fill = fill_plain(Fill(f"{name}:{bot}", START_MS, 0, lots, Decimal(price), Decimal(fee), "USDT"))
    return NewEvent(bot, None, Happening(Told.FILLED, "settled", {"settled": {"side": side, "fill": fill}}), "look")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ((settled(BOT, -1, 2), settled(OTHER, 1, 2)), []),
        ((settled(BOT, -1, 2),), ["S5"]),  # the other side is missing
        ((settled(BOT, -1, 2), settled(OTHER, 1, 1)), ["S5"]),
        ((settled(BOT, -1, 2), settled(OTHER, 1, 2, "3001.0")), ["S5"]),  # somebody gains
        ((settled(BOT, -1, 2, "2000.0"), settled(OTHER, 1, 2, "2000.0")), ["S5", "S5"]),  # no price of the market
        ((settled(BOT, -1, 2, fee="1"), settled(OTHER, 1, 2)), ["S5"]),
        ((settled(BOT, -1, 3), settled(OTHER, 1, 3)), ["S5", "S5"]),  # beyond what they hold
        ((settled(BOT, 1, 1), settled(OTHER, -1, 1)), ["S5", "S5"]),  # it grows
        ((settled(BOT, -1, 1), settled(OTHER, 1, 1)) * 2, ["S5", "S5"]),  # twice
    ],
)
def test_s5_what_two_bots_settle_closes_both_alike(told: tuple[NewEvent, ...], expected: list[str]) -> None:
    history = History(Remains())
    history.known.bots[OTHER] = replace(history.known.bots[BOT], id=OTHER)
    history.commit_of(BOT, history.trade(an_order(lots=2)))
    history.commit_of(OTHER, history.trade(an_order(side=-1, lots=2, bot=2)))
    history.commit(events=told)
    assert history.names == expected


def test_what_was_settled_is_no_longer_a_bots_by_the_trades_of_the_venue() -> None:
    history = History(Remains())
    history.known.bots[OTHER] = replace(history.known.bots[BOT], id=OTHER)
    history.commit_of(BOT, history.trade(an_order(lots=3)))
    history.commit_of(OTHER, history.trade(an_order(side=-1, lots=2, bot=2)))
    history.commit(events=(settled(BOT, -1, 2), settled(OTHER, 1, 2)))
    assert [history.known.true_lots(bot, M) for bot in (BOT, OTHER)] == [1, 0]


def test_s8_who_was_halted_makes_no_entry_whatever_the_desk_remembers() -> None:
    history = History(Shut())
    history.commit(an_order(), facts={f"halt:{BOT}": {"code": "person", "reason": "enough"}})
    history.post(submitted(an_order()))
    assert history.names == ["S8"]
    history.commit(facts={f"halt:{BOT}": {}})
    history.post(submitted(an_order()))
    assert history.names == ["S8"]


def test_s17_a_bar_is_decided_as_it_truly_was() -> None:
    for close, expected in (3_000.0, []), (9_000.0, ["S17"]):
        history = History(Decisions())
        history.known.true_close = lambda market, timeframe_ms, ts: 3_000.0
        history.wait(20_000)
        history.commit(bars=[BarEntry(BOT, 0, START_MS, close, 1_000.0, 0, b"", Decision(), 0)])
        assert history.names == expected


@pytest.mark.parametrize(
    ("before", "how", "expected"),
    [
        ((), "crashed", []), ((), "time is up", []), ((STOP,), "stopped", []), ((TAKEN,), "lease_lost", []),
        ((), "stopped", ["E7"]), ((), "lease_lost", ["E7"]), ((), "journal_conflict", ["E7"]),
        ((STOP, TAKEN), "journal_conflict", ["E7"]),
    ],
)  # fmt: skip
def test_e7_no_process_gives_up_by_itself(before: tuple[Entry, ...], how: str, expected: list[str]) -> None:
    history = History(Lives())
    history.play(*before, Ended(1, START_MS, how), Began(2, START_MS))
    assert history.names == expected


def test_l5_no_bot_ends_before_its_process() -> None:
    ends: dict[BotState, list[str]] = {BotState.STOPPED: [], BotState.HALTED: [], BotState.FAILED: ["L5"]}
    for state, expected in ends.items():
        history, more = History(Lives()), dict[str, Any](states=[StateChange(BOT, state, "a bar came twice")])
        history.commit(**more)
        assert history.names == expected
