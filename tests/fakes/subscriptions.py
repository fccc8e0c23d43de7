"""A vendor whose websocket is told what to send: one connection, a subscription, then what a script says."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.fakes.server import Request
from tests.fakes.websocket import WebSocket


@dataclass(frozen=True)
class Script:
    """What one connection sends: texts, in order; then it is cut, or stays open: answering pings, or `deaf`.

    With `until`, every connection sends this until that is set; then it goes on."""

    texts: Sequence[str]
    cut: bool = False
    deaf: bool = False
    until: threading.Event | None = None


class Subscriptions:
    """The websocket of a host. `topic_of` reads the topic out of a subscription, None out of anything else; `accepted`
    is what the vendor says to one. `scripts` by topic: one for each connection, the last for ever."""

    def __init__(self, topic_of: Callable[[Any], str | None], accepted: Callable[[Any], Sequence[Any]]) -> None:
        self._topic_of = topic_of
        self._accepted = accepted
        self.scripts: dict[str, list[Script]] = {}
        self.topics: list[str] = []

    def sending(self, text: str) -> None:
        """What a connection sends has happened, and REST knows of it."""

    async def upgrade(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        socket = WebSocket(request, reader, writer)
        over = asyncio.Event()

        async def told(text: str) -> None:
            if text == "ping":
                await socket.send("pong")
                return
            message = json.loads(text)
            topic = self._topic_of(message)
            for answer in self._accepted(message):
                await socket.send(json.dumps(answer))
            if topic is not None:
                await self._play(topic, socket, over)

        listening = asyncio.ensure_future(socket.listen(told))
        ended = asyncio.ensure_future(over.wait())
        with suppress(OSError):
            await asyncio.wait({listening, ended}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        ended.cancel()

    async def _play(self, topic: str, socket: WebSocket, over: asyncio.Event) -> None:
        self.topics.append(topic)
        scripts = self.scripts[topic]
        script = scripts[0]
        if len(scripts) > 1 and script.until is None:
            scripts.pop(0)
        socket.deaf = script.deaf
        for text in script.texts:
            self.sending(text)
            await socket.send(text)
        if script.until is not None:
            while not script.until.is_set():
                await asyncio.sleep(0.005)  # a thread that waits could not be ended with the connection
            if script in scripts:
                scripts.remove(script)
        if script.cut:
            over.set()
