"""The journal's events as they are committed, for one reader that follows them by their ids.

1. The bus of this process says that there is something; what it is, is read from the journal, from the last id on. So
   nothing is ahead of what is committed, nothing comes twice, and a reader that falls behind has lost nothing: its
   queue on the bus holds one event, however many came, and what it missed is read with the rest.
2. Events that another process wrote (a command line beside the server: a bot created or deployed, a command taken where
   no bot runs here; a runner elsewhere) are on no bus of this one. For those alone the journal is asked besides, every
   OTHERS_EVERY_SECONDS.
3. Of the MARKED events of one answer only the newest is passed on, and at most one a second: it says no more than that
   figures moved. Everything else is passed on, in order.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from karat.bots.bus import AsyncListener, Bus
from karat.control.cockpit_rows import event_row
from karat.ports.cockpit import EventKind, EventRow
from karat.ports.journal import JournalEvent, JournalReader

OTHERS_EVERY_SECONDS = 0.5
READ_EVERY_SECONDS = 0.05  # between two looks at the journal, however often the bus calls
MARKED_EVERY_SECONDS = 1.0
BATCH = 500


async def changes(journal: JournalReader, bus: Bus, after_event_id: int) -> AsyncIterator[EventRow]:
    """Every event with a greater id, then each new one; it never ends by itself."""
    with bus.listening(1) as listener:  # from before the first look on: nothing falls between
        async with aclosing(_followed(journal, listener, after_event_id)) as rows:
            async for row in rows:
                yield row


async def _followed(journal: JournalReader, listener: AsyncListener, after_event_id: int) -> AsyncGenerator[EventRow]:
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
        await asyncio.sleep(READ_EVERY_SECONDS)
        wait = OTHERS_EVERY_SECONDS if marked is None else min(OTHERS_EVERY_SECONDS, max(next_marked - clock(), 0.0))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(listener.heard(), wait)
