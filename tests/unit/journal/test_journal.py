"""The journal keeps what it was given, bar by bar, whole or not at all."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.journal.conftest import Opens
from tests.unit.journal.desk_entries import set_state, write_bars
from tests.unit.journal.entries import ANCHOR, bar_entry, bot_record, fill, intent, told, trade

from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import BotId, ClientOrderId
from karat.core.model.policy import Policy
from karat.core.model.reasons import Refusal
from karat.core.time import HOUR_MS
from karat.journal import open_journal
from karat.journal.codec import policy_json, policy_of
from karat.journal.store import SqlJournal
from karat.ports.cockpit import BotState, EventKind
from karat.ports.journal import Decision, Happening, Part
from karat.ports.journal_columns import QuietBars

ADA = BotId("ada")


def test_a_bot_comes_back_as_it_was_created(opens: Opens, journal: SqlJournal) -> None:
    journal.create_bot(bot_record("bea"))
    again = opens()
    assert repr(again.bots()) == repr((bot_record(), bot_record("bea")))  # repr, because NaN differs from itself
    status = again.status(ADA)
    assert (status.state, status.bars, status.last_ts, status.kernel) == (BotState.STOPPED, 0, None, b"")


def test_every_field_of_a_policy_survives() -> None:
    for policy in (Policy(), bot_record().policy):
        assert repr(policy_of(policy_json(policy))) == repr(policy)


def test_a_second_bot_of_that_name_is_refused(journal: SqlJournal) -> None:
    with pytest.raises(InputError, match="already"):
        journal.create_bot(replace(bot_record(), code_hash="other"))
    assert journal.bot(ADA).code_hash == "c0de"


def test_an_unknown_bot_is_refused_with_the_known_ones(journal: SqlJournal) -> None:
    with pytest.raises(InputError, match="ada") as refused:
        journal.fills(BotId("eva"))
    assert refused.value.code == "unknown_bot"


def test_a_bar_is_read_back_in_all_its_parts(journal: SqlJournal) -> None:
    order = intent("ada", 0)
    write_bars(journal, replace(bar_entry("ada", 0, intents=(order,)), decision=Decision(asked=True, ordered=True)))
    opened, closed = fill("ada", 0, 1, order.id), fill("ada", 1, 1, order.id, side=-1)
    tale = told(EventKind.EXIT, "stopped out")
    write_bars(journal, bar_entry("ada", 1, fills=(opened, closed), trades=(trade("ada"),), happenings=(tale,)))
    assert journal.intents(ADA) == (order,)
    assert journal.fills(ADA) == (opened, closed)
    assert journal.fills(ADA, trade=1) == ()
    assert journal.trades(9) == (replace(trade("ada"), sequence=1),)
    assert journal.trades(9, before=1) == () and journal.trade_count(ADA) == 1
    (event,) = journal.events(9)
    assert (event.kind, event.text, event.bar_ts, event.payload) == (
        EventKind.EXIT,
        "stopped out",
        ANCHOR + HOUR_MS,
        tale.payload,
    )
    marks = journal.marks(ADA)
    assert marks.equity.tolist() == [5_000.0, 5_000.1] and marks.ts.tolist() == [ANCHOR, ANCHOR + HOUR_MS]
    assert journal.mark_before(ADA, ANCHOR + HOUR_MS) == 5_000.0 and journal.mark_before(ADA, ANCHOR) is None
    status = journal.status(ADA)
    assert (status.bars, status.last_close, status.kernel) == (2, 101.1, bytes([1]) * 8)


def test_decisions_are_counted_by_how_they_ended(journal: SqlJournal) -> None:
    write_bars(journal, bar_entry("ada", 0))
    write_bars(journal, bar_entry("ada", 1, refusal=Refusal.COOLDOWN))
    ordered = Decision(asked=True, ordered=True)
    write_bars(journal, replace(bar_entry("ada", 2, intents=(intent("ada", 2),)), decision=ordered))
    counts = journal.decisions(ANCHOR)
    assert (counts.decisions, counts.flat, counts.entered, counts.refused) == (3, 1, 1, {Refusal.COOLDOWN: 1})
    write_bars(journal, bar_entry("ada", 3, unaffordable=(2,)))
    counts = journal.decisions(ANCHOR, ADA)
    assert (counts.entered, counts.refused) == (0, {Refusal.COOLDOWN: 1, Refusal.AFFORD: 1})
    assert journal.refusals(ADA) == ((1, Refusal.COOLDOWN), (2, Refusal.AFFORD))
    assert journal.decisions(ANCHOR + 3 * HOUR_MS).decisions == 1


def test_a_bar_that_cannot_be_written_whole_is_not_written(journal: SqlJournal) -> None:
    write_bars(journal, bar_entry("ada", 0))
    orphan = bar_entry("ada", 1, fills=(fill("ada", 0, 1, intent("ada", 9).id),))
    with pytest.raises(journal._store.driver.IntegrityError):
        write_bars(journal, orphan)  # its intent was never written
    assert journal.status(ADA).bars == 1 and journal.fills(ADA) == () and len(journal.marks(ADA).ts) == 1
    write_bars(journal, bar_entry("ada", 1))


@pytest.mark.parametrize("bar", [0, 2])
def test_a_bar_is_written_only_after_the_one_before_it(bar: int, journal: SqlJournal) -> None:
    write_bars(journal, bar_entry("ada", 0))
    with pytest.raises(NeedsOperator, match="something else wrote"):
        write_bars(journal, bar_entry("ada", bar))
    assert journal.status(ADA).bars == 1


def test_one_intent_is_never_written_twice(journal: SqlJournal) -> None:
    write_bars(journal, bar_entry("ada", 0, intents=(intent("ada", 0),)))
    with pytest.raises(InputError) as used:
        write_bars(journal, bar_entry("ada", 1, intents=(intent("ada", 0),)))
    assert used.value.code == "signal_used"
    other_name = replace(intent("ada", 0), id=ClientOrderId("another"))
    with pytest.raises(InputError):
        write_bars(journal, bar_entry("ada", 1, intents=(other_name,)))
    assert journal.intents(ADA) == (intent("ada", 0),) and journal.status(ADA).bars == 1


def test_events_go_forward_from_an_id_and_keep_one_mark_per_bot(journal: SqlJournal) -> None:
    journal.create_bot(bot_record("bea"))
    set_state(journal, ADA, BotState.RUNNING, Happening(EventKind.STARTED, "started"))
    for bar in range(3):
        write_bars(journal, bar_entry("ada", bar))
    write_bars(journal, bar_entry("bea", 0))
    seen = journal.events_after(0, 99)
    assert [(event.bot, event.kind) for event in seen] == [
        ("ada", EventKind.STARTED), ("ada", EventKind.MARKED), ("bea", EventKind.MARKED),
    ]  # fmt: skip
    ids = [event.id for event in seen]
    assert ids == sorted(ids) and ids[-1] == journal.last_event_id()
    assert journal.events_after(ids[1], 99) == seen[2:]
    assert [event.kind for event in journal.events(9)] == [EventKind.STARTED]
    assert len(journal.events(9, marked=True)) == 3


def test_another_thread_reads_what_was_committed(journal: SqlJournal) -> None:
    write_bars(journal, bar_entry("ada", 0))
    seen: list[int] = []
    reader = threading.Thread(target=lambda: seen.append(journal.status(ADA).bars))
    reader.start()
    reader.join()
    assert seen == [1]


def test_bots_are_created_all_with_what_is_told_of_them_or_none(journal: SqlJournal) -> None:
    said = Happening(EventKind.DEPLOYED, "deployed", {"dossier": "x"})
    with pytest.raises(InputError, match="a bot 'ada' already"):
        journal.create_bots([(bot_record("bea"), (said,)), (bot_record(), ())])
    assert [one.id for one in journal.bots()] == [ADA]
    journal.create_bots([(bot_record("bea"), (said,)), (bot_record("cleo"), ())])
    assert [one.id for one in journal.bots()] == [ADA, "bea", "cleo"]
    (event,) = journal.events(9)
    assert (event.bot, event.kind, event.payload) == ("bea", EventKind.DEPLOYED, {"dossier": "x"})


def test_parts_of_a_decision_are_told_apart(journal: SqlJournal) -> None:
    both = (intent("ada", 0, Part.EXIT), intent("ada", 0, Part.ENTRY))
    write_bars(journal, bar_entry("ada", 0, intents=both))
    assert journal.intents(ADA) == both


def test_bars_given_together_are_read_as_if_given_one_by_one(tmp_path: Path, journal: SqlJournal) -> None:
    singly = open_journal(tmp_path / "singly")
    singly.create_bot(bot_record())
    entries = [bar_entry("ada", bar) for bar in range(6)]
    for entry in entries:
        write_bars(singly, entry)
    quiet = QuietBars(
        bot=ADA,
        first=1,
        ts=[one.ts for one in entries[1:5]],
        close=[one.close for one in entries[1:5]],
        equity=[one.equity for one in entries[1:5]],
        asked=[False] * 4,
        position=0,
        kernel=entries[4].kernel,
        written_ts=7,
        marked=True,
    )
    write_bars(journal, entries[0], quiet, entries[5])
    assert journal.status(ADA) == singly.status(ADA)
    for name in ("ts", "close", "equity", "position"):
        assert getattr(journal.marks(ADA), name).tolist() == getattr(singly.marks(ADA), name).tolist()
    assert journal.decisions(0) == singly.decisions(0)
    with pytest.raises(NeedsOperator, match="does not stand at bar 1"):
        write_bars(journal, quiet)
    assert journal.status(ADA).bars == 6
    singly.close()
