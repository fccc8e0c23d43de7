"""karat limits: look at what risk may reach, change it, and change it back."""

from __future__ import annotations

import getpass
import secrets
import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import say, show, show_json
from karat.core.errors import InputError
from karat.core.time import iso
from karat.journal import journal_is_there, open_journal

if TYPE_CHECKING:
    from karat.bots.desk.limit_book import LimitBook
    from karat.journal.store import SqlJournal
    from karat.ports.trading import TradingJournal

Json = Annotated[bool, Parameter(name="--json", negative="")]
Yes = Annotated[bool, Parameter(name="--yes", negative="")]
ANSWER_SECONDS, LOOK_SECONDS = 5.0, 0.1
EXIT_REFUSED = 2


def show_limits(name: str = "", *, as_json: Json = False) -> None:
    """Show every limit with its unit, what it may be, and whether somebody changed it.

    Parameters
    ----------
    name
        Only limits whose name holds this: spread, or filter.
    as_json
        Print one JSON object.
    """
    book, waiting = _standing()
    rows = [one for one in book.in_force.all if name in one.name]
    if as_json:
        told = {one.name: {"value": one.value, "unit": one.unit, "tighter": one.tighter.value} for one in rows}
        show_json({"limits": told, "hash": book.in_force.hash, "waiting": waiting})
        return
    if not rows:
        raise InputError("bad_limits", f"No limit has '{name}' in its name.", "See karat limits show.")
    _show_table(book, name)
    if waiting:
        say(f"{len(waiting)} commands wait for the desk: they are taken when bots run.")


def set_limit(name: str, value: float, *, yes: Yes = False) -> int | None:
    """Set one limit. It holds from the next decision of the running bots on, or from the next start.

    Parameters
    ----------
    name
        As karat limits show names it: limits.spread.
    value
        The new number, in the limit's own unit and within its bounds.
    yes
        Needed where the new number lets more through than the old one.
    """
    book, _ = _standing()
    _, change = book.changed(name, value, "", yes=yes)
    say(f"{name}: from {change.old:g} to {change.new:g} {change.unit}, a {change.direction.value}.")
    return _ask("limits.set", {"name": name, "value": value, "yes": yes})


def undo_limit(*, yes: Yes = False) -> int | None:
    """Take the newest change of a limit back.

    Parameters
    ----------
    yes
        Needed where the old number lets more through than the one in force.
    """
    book, _ = _standing()
    last = book.newest()
    _, change = book.changed(last["name"], last["old"], "", yes=yes)
    say(f"{change.name}: back from {change.old:g} to {change.new:g} {change.unit}, a {change.direction.value}.")
    return _ask("limits.undo", {"yes": yes})


def limit_history(*, as_json: Json = False) -> None:
    """Show who changed which limit when.

    Parameters
    ----------
    as_json
        Print one JSON list.
    """
    book, _ = _standing()
    if as_json:
        show_json(book.changes)
        return
    if not book.changes:
        say("No limit was ever changed.")
    for one in book.changes:
        words = f"{one['name']} {one['old']:g} to {one['new']:g} {one['unit']} ({one['direction']})"
        ended = ", taken back since" if one["undone"] else ", takes a change back" if one["undoes"] else ""
        show(f"{iso(one['at_ms'])} {one['who']}: {words}{ended}")


def _standing() -> tuple[LimitBook, list[dict[str, Any]]]:
    """The limits in force, and the commands about limits that wait."""
    from karat.bots.desk.limit_book import LimitBook

    if not journal_is_there():
        return LimitBook(), []
    with closing(open_journal()) as journal:
        waiting = [one for one in journal.commands_waiting() if one.kind.startswith("limits.")]
        told = [{"id": one.id, "kind": one.kind, "who": one.who, **one.payload} for one in waiting]
        return LimitBook.of(journal.facts()), told


def _ask(kind: str, payload: dict[str, Any]) -> int | None:
    """Leave a command, and wait a moment for what becomes of it where bots run."""
    from karat.bots.system_clock import SystemClock
    from karat.ports.commands import CommandAsked

    command = CommandAsked(f"c-{secrets.token_hex(8)}", SystemClock().now_ms(), getpass.getuser(), kind, payload)
    with closing(open_journal()) as journal:
        journal.ask(command)
        if not journal.desk_is_alive():
            say("No bots run now: it is done when they start.")
            return None
        return _answer(journal, command.id)


def _answer(journal: TradingJournal | SqlJournal, name: str) -> int | None:
    until = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < until:
        record = journal.command(name)
        if record is not None and record.taken is not None:
            say(f"Done: {record.answer}." if record.done else f"Refused: {record.answer}")
            return None if record.done else EXIT_REFUSED
        time.sleep(LOOK_SECONDS)
    say("The bots have not taken it yet; it stays asked. See karat limits history.")
    return None


def _show_table(book: LimitBook, name: str) -> None:
    from rich.table import Table

    from karat.risk import default_limits

    table, own = Table("limit"), default_limits()
    for head in ("value", "unit", "from", "to", "tighter", "Karat's own"):
        table.add_column(head, justify="left" if head in ("unit", "tighter") else "right")
    for one in book.in_force.all:
        if name in one.name:
            default = own.value(one.name)
            changed = "" if one.value == default else f"{default:g}"
            bounds = (f"{one.minimum:g}", f"{one.maximum:g}", one.tighter.value)
            table.add_row(one.name, f"{one.value:g}", one.unit, *bounds, changed)
    show(table)
