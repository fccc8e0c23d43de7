"""Parameters that change while a bot lives: from the next decision on, within bounds, with a history, undoable."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.bots.fleet import POLICY, Desk, demo

from karat.bots.desk.parameters import changes_of, segments_of
from karat.core.ids import BotId
from karat.core.model.signals import Signals
from karat.feeds.demo.symbols import demo_instrument
from karat.kernel.engine import prepare, run
from karat.kernel.prepare import Extras
from karat.ports.commands import CommandAsked
from karat.ports.trading import Transaction
from karat.strategies import Market, evaluate, find_strategy, resolve

BARS = 500
STRATEGY = "bollinger_mean_reversion"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path, *demo(BARS))
    yield opened
    opened.journal.close()


def ask(desk: Desk, name: str, **payload: Any) -> tuple[bool, str]:
    """What became of a command that waits when the bots start."""
    desk.journal.ask(CommandAsked(name, 5, "ada", "bots.set", {"bot": "bea", **payload}))
    desk.run(BotId("bea"), until=desk.journal.status(BotId("bea")).bars + 1)
    record = desk.journal.command(name)
    assert record is not None
    return record.done, record.answer


def spliced(desk: Desk, bot: BotId) -> Signals:
    """The signals with which each bar was decided."""
    found, market = find_strategy(STRATEGY), Market(desk.candles, desk.funding)
    record = desk.journal.bot(bot)
    whole: Signals | None = None
    for first, values in segments_of(record, changes_of(desk.journal.facts(), bot)):
        said = evaluate(found, market, resolve(found, values))
        if whole is None:
            whole = said
            continue
        kept = {}
        for spec in fields(Signals):
            old, new = getattr(whole, spec.name), getattr(said, spec.name)
            kept[spec.name] = None if new is None else np.concatenate([old[:first], new[first:]])
        whole = replace(whole, **kept)
    assert whole is not None
    return whole


def test_a_change_counts_from_the_next_decision_and_the_trades_are_those_of_both_stretches(desk: Desk) -> None:
    bot = desk.create("bea", STRATEGY)
    desk.run(bot, until=200)
    done, answer = ask(desk, "c-1", values={"period": 12})
    assert done and "-> 12, from bar 200 on" in answer
    desk.run(bot)
    assert desk.journal.bot(bot).parameters["period"] == 12
    inputs = prepare(
        desk.candles, spliced(desk, bot), POLICY, demo_instrument(desk.candles.market), Extras(funding=desk.funding)
    )
    record = run(inputs)
    assert desk.journal.marks(bot).equity.tobytes() == record.equity.tobytes()
    plain = desk.in_one_call(STRATEGY)
    assert plain.equity[:200].tobytes() == record.equity[:200].tobytes() != plain.equity[200:400].tobytes()


def test_a_change_in_the_middle_of_a_replay_at_full_speed_counts_from_the_next_decision(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *demo(2 * BARS), carried=True)
    bot, runner = desk.create("bea"), desk.runner()

    def told(sequence: int, transaction: Transaction) -> None:
        if transaction.bars and desk.journal.command("wider") is None:
            values = {"bot": bot, "values": {"period": 12}}
            desk.journal.ask(CommandAsked("wider", 5, "ada", "bots.set", values))

    runner.written = told
    asyncio.run(runner.run([bot]))
    (change,) = changes_of(desk.journal.facts(), bot)
    assert 0 < change["bar"] < BARS and desk.journal.status(bot).bars == 2 * BARS
    instrument = demo_instrument(desk.candles.market)
    kernel = run(prepare(desk.candles, spliced(desk, bot), POLICY, instrument, Extras(funding=desk.funding)))
    assert desk.journal.marks(bot).equity.tobytes() == kernel.equity.tobytes()
    assert kernel.equity.tobytes() != desk.in_one_call().equity.tobytes()
    desk.journal.close()


def test_a_change_has_a_history_and_can_be_undone(desk: Desk) -> None:
    bot = desk.create("bea", STRATEGY)
    before = dict(desk.journal.bot(bot).parameters)
    desk.run(bot, until=100)
    assert ask(desk, "c-1", values={"period": 12})[0]
    assert ask(desk, "c-2", undo=True)[0]
    assert dict(desk.journal.bot(bot).parameters) == before
    changes = changes_of(desk.journal.facts(), bot)
    assert [(one["id"], one["who"], one["bar"]) for one in changes] == [("c-1", "ada", 100), ("c-2", "ada", 101)]
    assert [first for first, _ in segments_of(desk.journal.bot(bot), changes)] == [0, 100, 101]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"values": {"period": -3}}, "period"),
        ({"values": {"perod": 3}}, "perod"),
        ({"values": {}}, "already"),
        ({"undo": True}, "never changed"),
    ],
)
def test_what_is_out_of_bounds_is_refused_and_changes_nothing(desk: Desk, payload: dict[str, Any], words: str) -> None:
    bot = desk.create("bea", STRATEGY)
    desk.run(bot, until=50)
    before = dict(desk.journal.bot(bot).parameters)
    done, answer = ask(desk, "c-1", **payload)
    assert not done and words in answer
    assert dict(desk.journal.bot(bot).parameters) == before
