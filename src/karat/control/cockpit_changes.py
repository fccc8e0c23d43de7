"""The journal's events as they are committed, by this process or another: asked for four times a second.

Of the MARKED events of one answer only the newest is passed on, and at most one a second: it says no more than that
figures moved. Everything else is passed on, in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from karat.control.cockpit_rows import event_row
from karat.ports.cockpit import EventKind, EventRow
from karat.ports.journal import JournalEvent, JournalReader

ASK_EVERY_SECONDS = 0.25
MARKED_EVERY_SECONDS = 1.0
BATCH = 500


async def changes(journal: JournalReader, after_event_id: int) -> AsyncIterator[EventRow]:
    """Every event with a greater id, then each new one; it never ends by itself."""
    clock = asyncio.get_running_loop().time
    seen = min(after_event_id, await asyncio.to_thread(journal.last_event_id))
    marked: JournalEvent | None = None
    next_marked = clock()
    while True:
        batch = await asyncio.to_thread(journal.events_after, seen, BATCH)
        for event in batch:
            seen = event.id
            if event.kind == EventKind.MARKED:
                marked = event
            else:
                yield event_row(event)
        if len(batch) == BATCH:
            continue
        if marked is not None and clock() >= next_marked:
            yield event_row(marked)
            marked, next_marked = None, clock() + MARKED_EVERY_SECONDS
        await asyncio.sleep(ASK_EVERY_SECONDS)
