"""Stands for the notifications of a process, which are a service of their own."""

from __future__ import annotations

import asyncio

from tests.chaos.storm.parts import Parts

from karat.core.errors import RetryLater


class Pager:
    """Sends events of `page_kinds` until each has gone out once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sent = 0
        self._stopped = False
        self._again: asyncio.Task[None] | None = None

    async def run(self) -> None:
        try:
            while True:
                await self._page()
                await self._parts.clock.sleep(1.0)
        finally:
            if not self._stopped:
                self._again = asyncio.create_task(self.run())

    def stop(self) -> None:
        self._stopped = True
        if self._again is not None:
            self._again.cancel()

    async def ended(self) -> None:
        if self._again is not None:
            await asyncio.gather(self._again, return_exceptions=True)

    async def _page(self) -> None:
        for event in self._parts.journal.log(self._sent, 1_000):
            if event.kind in self._parts.setting.page_kinds:
                try:
                    await self._parts.notifier.send(event.sequence, event.text)
                except RetryLater:
                    return
            self._sent = event.sequence
