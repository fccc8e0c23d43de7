"""Several replays in step: bars are taken in the order of their closes, so that all bots of an account see one time.

Without it one market would have run to its end before another began, and no rule over both could say anything. Live
markets need it not: their bars come when they close.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable, Sequence

from karat.ports.cockpit import Mode
from karat.ports.journal import BotRecord, LimitedBy


class Turns:
    """Whose bar is next. Each of `keys` must ask for its turn, or leave, or all others wait for it."""

    def __init__(self, keys: Iterable[Hashable]) -> None:
        self._places = {key: (-1, place) for place, key in enumerate(keys)}
        self._moved = asyncio.Event()

    async def take(self, key: Hashable, close_ms: int) -> None:
        """Wait until no other has a bar that closes before `close_ms`; at one close they go in the order of `keys`."""
        if key not in self._places:
            return
        self._places[key] = close_ms, self._places[key][1]
        self._move()
        while self._places[key] > min(self._places.values()):
            await self._moved.wait()

    def leave(self, key: Hashable) -> None:
        """There are no more bars of `key`."""
        if self._places.pop(key, None) is not None:
            self._move()

    def _move(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()


def turns_of(keys: Iterable[Hashable], records: Sequence[BotRecord]) -> Turns:
    """Turns for the feeds of some bots, where some are under limits and all follow replays; else nobody waits."""
    limited = any(record.limits is not LimitedBy.NONE for record in records)
    return Turns(keys if limited and all(record.mode is Mode.SIMULATED for record in records) else ())
