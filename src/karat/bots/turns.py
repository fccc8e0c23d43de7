"""Several replays in step: at each close all bars are there before any bot acts, so that all bots of an account see one
time, and the same as in a fleet backtest.

1. Bars are taken in the order of their closes. Without it one market would have run to its end before another began,
   and no rule over both could say anything.
2. At a close the venue does its part for every bot whose bar closed, then they decide, both in the order in which the
   bots were given. Nothing leaves before all have decided: what those before it decided is in flight for each.
3. A bot that had done its bar before the process died is not asked again; the others of that close are, first.

Live markets need it not: their bars come when they close.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from karat.core.errors import KaratError, RetryLater
from karat.core.ids import BotId
from karat.ports.cockpit import Mode
from karat.ports.journal import BotRecord, LimitedBy


class Acts(Protocol):
    """A bot whose bar has closed, and whose strategy has spoken."""

    def meet(self) -> None: ...

    def settle(self, written_ts: int) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Wait:
    """One of the keys waits for a close. `acting`: who acts then, at wall time `written_ts`; None while its bar is not
    there yet. `over`: why some of them cannot go on."""

    close_ms: int
    acting: Mapping[BotId, Acts] | None
    written_ts: int
    over: asyncio.Future[dict[BotId, KaratError]]


class Turns:
    """Whose bars are next. Each of `keys` must wait for its turn, or leave, or all others wait for it. `order` are the
    bots in the order in which they act at one close."""

    def __init__(self, keys: Iterable[Hashable], order: Sequence[BotId] = ()) -> None:
        self._keys = set(keys)
        self._places = {bot: place for place, bot in enumerate(order)}
        self._waits: dict[Hashable, _Wait] = {}

    def are_of(self, key: Hashable) -> bool:
        """Whether `key` goes in step with others."""
        return key in self._keys

    async def take(self, key: Hashable, close_ms: int) -> None:
        """Wait until no other has a bar that closes before `close_ms`."""
        if key in self._keys:
            await self._wait(key, close_ms)

    async def act(
        self, key: Hashable, close_ms: int, acting: Mapping[BotId, Acts], written_ts: int
    ) -> dict[BotId, KaratError]:
        """Wait until all bars that close then are there; then all bots act. Why some of `acting` cannot go on."""
        return await self._wait(key, close_ms, acting, written_ts)

    def leave(self, key: Hashable) -> None:
        """There are no more bars of `key`."""
        self._keys.discard(key)
        self._step()

    async def _wait(
        self, key: Hashable, close_ms: int, acting: Mapping[BotId, Acts] | None = None, written_ts: int = 0
    ) -> dict[BotId, KaratError]:
        over: asyncio.Future[dict[BotId, KaratError]] = asyncio.get_running_loop().create_future()
        wait = self._waits[key] = _Wait(close_ms, acting, written_ts, over)
        self._step()
        try:
            return await over
        finally:
            if self._waits.get(key) is wait:  # it was cancelled: whoever takes its place has to ask again
                del self._waits[key]

    def _step(self) -> None:
        """Go on where all wait: those next in turn bring their bars; where they have, their bots act."""
        waits = {key: wait for key, wait in self._waits.items() if not wait.over.done()}
        if len(waits) < len(self._keys) or not waits:
            return
        next_ms = min(wait.close_ms for wait in waits.values())
        due = {key: wait for key, wait in waits.items() if wait.close_ms == next_ms}
        asking = {key: wait for key, wait in due.items() if wait.acting is None}
        for key in asking or due:
            del self._waits[key]
        if asking:
            for wait in asking.values():
                wait.over.set_result({})
        else:
            self._close(due.values())

    def _close(self, waits: Iterable[_Wait]) -> None:
        """One close. Whatever else than a bot's own failure a bot meets ends the work of its key alone."""
        rows = [(bot, one, wait) for wait in waits for bot, one in (wait.acting or {}).items()]
        rows.sort(key=lambda row: self._places.get(row[0], -1))
        failed: dict[BotId, KaratError] = {}
        for meets in (True, False):
            for bot, one, wait in rows:
                if bot in failed or wait.over.done():
                    continue
                try:
                    one.meet() if meets else one.settle(wait.written_ts)
                except RetryLater as error:
                    wait.over.set_exception(error)
                except KaratError as error:
                    failed[bot] = error
                except Exception as error:  # noqa: BLE001 - raised where its key waits
                    wait.over.set_exception(error)
        for wait in waits:
            if not wait.over.done():
                wait.over.set_result({bot: failed[bot] for bot in wait.acting or () if bot in failed})


def turns_of(keys: Iterable[Hashable], records: Sequence[BotRecord]) -> Turns:
    """Turns for the feeds of some bots, where some are under limits and all follow replays; else nobody waits."""
    limited = any(record.limits is not LimitedBy.NONE for record in records)
    in_step = limited and all(record.mode is Mode.SIMULATED for record in records)
    return Turns(keys if in_step else (), [record.id for record in records])
