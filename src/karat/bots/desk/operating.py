"""What a person tells the desk: kill, release, stop. A command counts once it is written, and may come twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from karat.bots.desk.desk import Desk
from karat.bots.desk.switchboard import Switchboard
from karat.core.errors import InputError
from karat.oms.client_ids import Part
from karat.oms.records import TERMINAL, Status
from karat.ports.cockpit import BotState, EventKind

_UNDER_WAY = frozenset({Status.INTENDED, Status.SENT, Status.UNKNOWN, Status.CANCEL_REQUESTED})


def command(desk: Desk, board: Switchboard, kind: str, identity: str, payload: Mapping[str, Any]) -> bool:
    """Whether it is taken and written. False: not now; it may be given again under its id."""
    if desk.condition.broken:
        return False
    is_new = identity not in desk.commands
    if kind == "release" and not is_flat(desk):
        return False
    if is_new:
        desk.commands.add(identity)
        if kind == "kill":
            board.kill.pull(str(payload.get("reason", "an operator said so")), f"command:{identity}")
        elif kind == "release":
            _release(desk, board, identity)
        elif kind == "stop":
            _stop(desk, identity)
        else:
            raise InputError("unknown_command", f"The desk knows no command '{kind}'.", "kill, release or stop.")
    return desk.flush()


def is_flat(desk: Desk) -> bool:
    """Whether no bot holds anything at the venue or has an order alive."""
    return not any(book.there_lots or any(book.live_orders()) for book in desk.books.values())


def is_drained(desk: Desk) -> bool:
    """Whether nothing is under way: what protects a position stays at the venue."""
    for book in desk.books.values():
        for order in book.live_orders():
            if order.status in _UNDER_WAY or order.missing_lots or order in book.live_of(Part.ENTRY, Part.LIMIT):
                return False
    return desk.is_written


def recall_entries(desk: Desk, cause: str) -> None:
    """Ask back whatever may still open something."""
    for book in desk.books.values():
        for order in tuple(book.live_of(Part.ENTRY, Part.LIMIT)):
            if not order.cancel_is_open and order.status not in TERMINAL:
                book.cancel(order.id, cause)


def _release(desk: Desk, board: Switchboard, identity: str) -> None:
    """Kill and halts are lifted together: whoever releases has looked at both."""
    condition, gathered = desk.condition, desk.gathered
    if board.kill.state.latched:
        board.kill.state = replace(board.kill.state, flat_seen=True)  # `is_flat` has looked
        board.kill.release(identity)
    halts = [f"halt:{bot}" for bot in condition.halts]
    for bot in condition.halts:
        gathered.change_state(bot, BotState.RUNNING, "")
    condition.halts.clear()
    gathered.facts.update({name: {} for name in halts})
    told = {"facts": {name: {} for name in halts}}
    gathered.tell(None, EventKind.COMMAND, "Released.", told, f"command:{identity}")


def _stop(desk: Desk, identity: str) -> None:
    desk.condition.stopping = identity
    desk.gathered.tell(None, EventKind.COMMAND, "Stopping.", {"stop": identity}, f"command:{identity}")
    recall_entries(desk, f"command:{identity}")
