"""The event stream: journal events as server-sent events that a client resumes from `Last-Event-ID`.

The first frame is `hello` (the process: start and newest event id), so that a client knows that the line stands and
whether the process was restarted since. Every further frame is one event whose id is the journal's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from fastapi.sse import ServerSentEvent
from starlette.concurrency import run_in_threadpool

from karat.api.models import EventModel, HealthModel
from karat.core.errors import InputError
from karat.ports.cockpit import Cockpit

RETRY_MS = 1_000

Item = TypeVar("Item")


def resume_point(last_event_id: str | None) -> int | None:
    """The journal id in a Last-Event-ID header; None when the client has none yet. Raises InputError `bad_event_id`."""
    if not last_event_id:
        return None
    if not last_event_id.isascii() or not last_event_id.isdigit():
        raise InputError("bad_event_id", "Last-Event-ID is not an event id.", "Send an event's id, or none.")
    return int(last_event_id)


async def event_frames(cockpit: Cockpit, after: int | None, closing: asyncio.Event) -> AsyncIterator[ServerSentEvent]:
    """`hello`, then every event after `after` (the newest when None) until the client leaves or `closing` is set."""
    health = await run_in_threadpool(cockpit.health)
    yield ServerSentEvent(event="hello", data=HealthModel.model_validate(health), retry=RETRY_MS)
    start = health.last_event_id if after is None else after
    async for event in until(closing, cockpit.changes(start)):
        yield ServerSentEvent(event="event", id=str(event.id), data=EventModel.model_validate(event))


async def until(closing: asyncio.Event, items: AsyncIterator[Item]) -> AsyncIterator[Item]:
    """`items` up to the moment `closing` is set, so that open streams do not hold up a shutdown."""
    closed = asyncio.ensure_future(closing.wait())
    following: asyncio.Future[Item] | None = None
    try:
        while True:
            following = asyncio.ensure_future(anext(items))
            await asyncio.wait({closed, following}, return_when=asyncio.FIRST_COMPLETED)
            if not following.done():
                return
            try:
                item = following.result()
            except StopAsyncIteration:
                return
            yield item
    finally:
        closed.cancel()
        if following is not None and not following.done():
            following.cancel()
            await asyncio.wait({following})
