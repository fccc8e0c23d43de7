"""What an event reports."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """What an event reports. `MARKED` says that candles were processed and figures moved. The page lists all others but
    the steps between a signal and its trade, which are in the log."""

    MARKED = "marked"
    ENTRY = "entry"
    EXIT = "exit"
    REFUSED = "refused"
    STARTED = "started"
    RECOVERED = "recovered"
    FINISHED = "finished"
    STOPPED = "stopped"
    HALTED = "halted"
    FAILED = "failed"
    WARNING = "warning"
    DEPLOYED = "deployed"
    SIGNAL = "signal"  # a decision that asked for something
    INTENT = "intent"  # an order was written down
    SENT = "sent"  # it leaves, or its cancel does
    ACKNOWLEDGED = "acknowledged"
    FILLED = "filled"
    ORDER = "order"  # what else became of an order: cancelled, expired, unknown
    RECONCILED = "reconciled"  # records and venue were compared
    OPENED = "opened"
    CLOSED = "closed"
    RISK = "risk"  # a limit held something back
    BREAKER = "breaker"
    KILL = "kill"
    COMMAND = "command"  # an operator said so
    ALARM = "alarm"  # something that should not happen


MACHINE_KINDS = frozenset(
    {
        EventKind.SIGNAL, EventKind.INTENT, EventKind.SENT, EventKind.ACKNOWLEDGED, EventKind.FILLED, EventKind.ORDER,
        EventKind.RECONCILED,
    }
)  # fmt: skip
"""The steps between a signal and its trade: the log keeps them, nobody is told of them."""
