"""Asking the desk for something from another process: leave the command, and wait for what becomes of it."""

from __future__ import annotations

import getpass
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from karat.core.errors import InputError, RetryLater

if TYPE_CHECKING:
    from karat.ports.trading import TradingJournal

WAIT_SECONDS = 15.0
_LOOK_SECONDS = 0.1


def ask_desk(journal: TradingJournal, kind: str, payload: Mapping[str, Any]) -> str:
    """The words of the answer. Where no process runs bots the command waits for the next one, and the words say so.

    Raises InputError `command_refused` with the desk's reason, RetryLater `command_waits` when a running process does
    not answer in time; the command then still waits.
    """
    from karat.bots.system_clock import SystemClock
    from karat.ports.commands import CommandAsked

    name = f"c-{secrets.token_hex(8)}"
    journal.ask(CommandAsked(name, SystemClock().now_ms(), getpass.getuser(), kind, payload))
    if not journal.desk_is_alive():
        return "No process runs bots now: it is done when the next one starts."
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        record = journal.command(name)
        if record is not None and record.taken is not None:
            if not record.done:
                raise InputError("command_refused", record.answer)
            return record.answer
        time.sleep(_LOOK_SECONDS)
    raise RetryLater("command_waits", "The process that runs the bots has not answered yet.", "It will: look again.")
