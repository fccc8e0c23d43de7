"""Ask the desk something from another process: the one that runs does it, and where none runs it is done here."""

from __future__ import annotations

import getpass
import time
import uuid
from collections.abc import Mapping
from typing import Any

from karat.core.errors import RetryLater
from karat.ports.commands import CommandAsked, CommandRecord
from karat.ports.trading import TradingJournal

ANSWER_SECONDS = 10.0
LEASE_MS = 30_000


def me() -> str:
    """Who sits here, for the records; a name may be given instead."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def ask_desk(
    journal: TradingJournal, kind: str, payload: Mapping[str, Any], who: str, seconds: float = ANSWER_SECONDS
) -> CommandRecord | None:
    """Leave a command and wait for the desk to take it. None: it waits still, for this desk or the next."""
    asked = CommandAsked(uuid.uuid4().hex, time.time_ns() // 1_000_000, who, kind, dict(payload))
    journal.ask(asked)
    ends = time.monotonic() + seconds
    while True:
        if not journal.desk_is_alive():
            _take_waiting(journal)
        found = journal.command(asked.id)
        if found is not None and found.taken is not None:
            return found
        if time.monotonic() >= ends:
            return None
        time.sleep(0.05)


def _take_waiting(journal: TradingJournal) -> None:
    """Be the desk for a moment, without bots, and do what waits. Nothing where another one has just begun."""
    from karat.app.kill_sources import kill_sources
    from karat.bots.desk.commands import Commands
    from karat.bots.desk.desk import Desk
    from karat.bots.desk.handlers import HANDLERS
    from karat.bots.desk.parameters import ParameterCommand
    from karat.bots.desk.switchboard import Safety, Switchboard
    from karat.bots.system_clock import SystemClock
    from karat.strategies import find_strategy
    from karat.venues.paper import PaperVenue

    clock = SystemClock()
    try:
        token = journal.take_lease("karat, without bots", clock.now_ms(), LEASE_MS)
    except RetryLater:
        return
    try:
        desk = Desk(journal, PaperVenue(), token, clock.now_ms)
        facts = journal.facts()
        desk.restore(facts)
        board = Switchboard(desk, Safety(kill_sources()))
        board.begin(facts)
        for source in board.kill.sources:
            board.kill.ask(source)
        own = {"bots.set": ParameterCommand(find_strategy, lambda bot, strategy, values: None)}
        Commands(desk, {**HANDLERS, **board.handlers, **own}).tick()
        desk.flush()
    finally:
        journal.release_lease(token)
