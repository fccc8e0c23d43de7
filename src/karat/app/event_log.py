"""What the journal says of bots, in the logs as well: a thread reads its events as they come.

It stands beside the bots and only reads, so nothing that goes wrong here reaches them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager

from karat.core.ids import ClientOrderId
from karat.ports.cockpit import EventKind
from karat.ports.journal import JournalEvent, JournalReader

LOOK_SECONDS = 0.5
BATCH = 500
LOG = logging.getLogger("karat.bots")
_LOUD = {EventKind.FAILED, EventKind.HALTED, EventKind.WARNING}


@contextmanager
def logging_events(journal: JournalReader) -> Generator[None]:
    """While it lasts, every event that is added to the journal is logged; all of them are when it ends."""
    stopped = threading.Event()
    thread = threading.Thread(target=_follow, args=(journal, journal.last_event_id(), stopped), name="event log")
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _follow(journal: JournalReader, last: int, stopped: threading.Event) -> None:
    try:
        while True:
            ending = stopped.is_set()
            while events := journal.events_after(last, BATCH):
                last = events[-1].id
                for event in events:
                    log_event(journal, event)
            if ending:
                return
            stopped.wait(LOOK_SECONDS)
    except Exception:
        LOG.exception("The events of the journal are no longer logged.")


def log_event(journal: JournalReader, event: JournalEvent) -> None:
    """One event, with the ids that it names. MARKED only says that figures moved, and is left out."""
    if event.kind == EventKind.MARKED:
        return
    intent, order = event.payload.get("intent"), event.payload.get("order")
    if order is None:
        order = _order_of(journal, event)
        intent = intent or order  # a bot on paper names its order like the intent
    ids = {"bot": event.bot, "intent": intent, "order": order, "kind": event.kind.value}
    LOG.log(logging.WARNING if event.kind in _LOUD else logging.INFO, "%s", event.text, extra=ids)


def _order_of(journal: JournalReader, event: JournalEvent) -> ClientOrderId | None:
    """The order that a fill came from."""
    number, trade = event.payload.get("fill"), event.payload.get("trade")
    if event.bot is None or number is None or trade is None:
        return None
    return next((fill.order for fill in journal.fills(event.bot, trade) if fill.number == number), None)
