"""What people ask waits in the journal until a desk takes it, and is taken once."""

from __future__ import annotations

import pytest
from tests.unit.journal.conftest import Opens
from tests.unit.journal.desk_entries import NOW_MS, event, transaction

from karat.core.errors import NeedsOperator
from karat.journal.store import SqlJournal
from karat.ports.commands import CommandAsked, CommandRecord, CommandTaken
from karat.ports.events import EventKind
from karat.ports.trading import TradingJournal

LOWER = CommandAsked("c-1", NOW_MS, "ada", "limits.set", {"name": "limits.spread", "value": 0.001})
STOP = CommandAsked("c-2", NOW_MS + 1, "bea", "kill", {})


def test_any_process_asks_and_the_desk_sees_it_in_order(opens: Opens, journal: SqlJournal) -> None:
    other: TradingJournal = opens()
    journal.take_lease("one", NOW_MS, 1_000)
    for command in (LOWER, STOP, LOWER):
        other.ask(command)
    assert journal.commands_waiting() == (LOWER, STOP)
    assert journal.commands(9) == (CommandRecord(STOP, None, False, ""), CommandRecord(LOWER, None, False, ""))
    assert journal.command("c-3") is None


def test_asked_anew_under_a_known_name_it_stays_as_it_was(journal: SqlJournal) -> None:
    journal.ask(LOWER)
    journal.ask(CommandAsked("c-1", NOW_MS + 9, "eve", "kill"))
    assert journal.commands_waiting() == (LOWER,)


def test_taken_it_waits_no_more_and_says_what_became_of_it(journal: SqlJournal) -> None:
    token = journal.take_lease("one", NOW_MS, 1_000)
    journal.ask(LOWER)
    journal.ask(STOP)
    told = event(EventKind.COMMAND, "ada: lowered", bot=None, cause="c-1")
    journal.write(transaction(token, events=(told,), taken=(CommandTaken("c-1", True, "lowered"),)))
    assert journal.commands_waiting() == (STOP,)
    assert journal.command("c-1") == CommandRecord(LOWER, 1, True, "lowered")
    journal.write(transaction(token, taken=(CommandTaken("c-1", False, "too late"), CommandTaken("c-2", False, "no"))))
    assert journal.command("c-1") == CommandRecord(LOWER, 1, True, "lowered")
    assert journal.command("c-2") == CommandRecord(STOP, 1, False, "no")
    assert journal.commands_waiting() == ()


def test_whoever_lost_the_lease_takes_nothing(journal: SqlJournal) -> None:
    token = journal.take_lease("one", NOW_MS, 1_000)
    journal.take_lease("one", NOW_MS, 1_000)
    journal.ask(STOP)
    with pytest.raises(NeedsOperator, match="taken over"):
        journal.write(transaction(token, taken=(CommandTaken("c-2", True, "done"),)))
    assert journal.commands_waiting() == (STOP,)
