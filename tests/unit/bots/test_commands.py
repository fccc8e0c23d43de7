"""Commands at the desk: done once, refused aloud, kept while the journal cannot be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from karat.bots.desk.commands import Commands, Handler
from karat.bots.desk.desk import Desk
from karat.core.errors import InputError, RetryLater
from karat.journal import open_journal
from karat.journal.store import SqlJournal
from karat.ports.cockpit import EventKind
from karat.ports.commands import CommandAsked, CommandRecord
from karat.ports.trading import Transaction
from karat.venues.paper import PaperVenue

KILL = CommandAsked("c-1", 5, "ada", "kill", {"reason": "fire"})


class FullJournal:
    """A journal that cannot be written while `full`."""

    def __init__(self, inner: SqlJournal) -> None:
        self._inner = inner
        self.full = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, transaction: Transaction) -> int:
        if self.full:
            raise RetryLater("journal_busy", "The disk is full.")
        return self._inner.write(transaction)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[FullJournal]:
    opened = open_journal(tmp_path)
    yield FullJournal(opened)
    opened.close()


def desk_of(journal: Any) -> Desk:
    return Desk(journal, PaperVenue(), journal.take_lease("one", 0, 1_000), lambda: 7)


def kill(desk: Desk, command: CommandAsked) -> str:
    desk.condition.killed += str(command.payload["reason"])
    return "latched"


def refuse(desk: Desk, command: CommandAsked) -> str:
    raise InputError("bad_limits", "There is no such limit.")


def wait(desk: Desk, command: CommandAsked) -> str:
    raise RetryLater("not_yet", "Later.")


HANDLERS: Mapping[str, Handler] = {"kill": kill, "limits.set": refuse, "resume": wait}


def test_a_command_is_done_once_and_told(journal: FullJournal) -> None:
    desk = desk_of(journal)
    commands = Commands(desk, HANDLERS)
    journal.ask(KILL)
    assert [commands.tick(), commands.tick()] == [1, 0]
    assert desk.condition.killed == "fire"
    assert journal.command("c-1") == CommandRecord(KILL, 1, True, "latched")
    [told] = journal.log(0, 9)
    assert (told.kind, told.text, told.cause) == ("command", "ada: latched", "c-1")
    assert told.payload == {
        "id": "c-1", "command": "kill", "who": "ada", "asked": {"reason": "fire"}, "done": True,
    }  # fmt: skip


def test_what_cannot_be_done_is_refused_aloud(journal: FullJournal) -> None:
    commands = Commands(desk_of(journal), HANDLERS)
    journal.ask(CommandAsked("c-2", 5, "bea", "limits.set"))
    journal.ask(CommandAsked("c-3", 5, "bea", "dance"))
    journal.ask(CommandAsked("c-4", 5, "bea", "resume"))
    assert commands.tick() == 2
    answers = [journal.command(name) for name in ("c-2", "c-3", "c-4")]
    assert [(one.done, one.answer) for one in answers] == [
        (False, "There is no such limit."), (False, "There is no command dance."), (False, ""),
    ]  # fmt: skip
    assert [one.id for one in journal.commands_waiting()] == ["c-4"]
    assert [one.payload["code"] for one in journal.log(0, 9)] == ["bad_limits", "unknown_command"]


def test_while_it_cannot_be_written_it_is_not_done_twice(journal: FullJournal) -> None:
    desk = desk_of(journal)
    commands = Commands(desk, HANDLERS)
    journal.ask(KILL)
    journal.full = True
    assert [commands.tick(), commands.tick()] == [1, 0]
    assert desk.condition.killed == "fire" and journal.commands_waiting() == (KILL,)
    journal.full = False
    assert desk.flush() and commands.tick() == 0
    assert desk.condition.killed == "fire" and journal.commands_waiting() == ()


def test_what_a_command_writes_at_once_is_written_with_its_answer(journal: FullJournal) -> None:
    def release(desk: Desk, command: CommandAsked) -> str:
        desk.gathered.facts["kill"] = {}
        desk.gathered.tell(None, EventKind.KILL, "The kill switch was released.", {"facts": {"kill": {}}}, "person:ada")
        desk.flush()  # a crash behind this line must not leave a release that nobody asked for
        return "released"

    desk, written = desk_of(journal), list[Transaction]()
    desk.written = lambda newest, transaction: written.append(transaction)
    journal.ask(CommandAsked("c-2", 5, "ada", "kill.release", {}))
    assert Commands(desk, {"kill.release": release}).tick() == 1
    [one] = written
    assert (list(one.facts), [taken.id for taken in one.taken]) == (["kill"], ["c-2"])


def test_killed_before_it_was_written_the_next_desk_does_it(journal: FullJournal) -> None:
    journal.ask(KILL)
    journal.full = True
    Commands(desk_of(journal), HANDLERS).tick()
    journal.full = False
    desk = desk_of(journal)
    assert Commands(desk, HANDLERS).tick() == 1
    assert desk.condition.killed == "fire" and journal.command("c-1") == CommandRecord(KILL, 1, True, "latched")
