"""A vendor on loopback, over real HTTP, that answers as a test tells it to.

`server` has the protocol, and the vendors that are reached by their own names over TLS.


    async with VendorServer() as vendor:
        vendor.answers("/fng/", {"data": []})                     always
        vendor.answers("/fng/", Answer.busy(3600), {"data": []})  in turn; the last one stays
        vendor.answers("/fng/", Answer.never())                   half-open: takes the request, says nothing
        ... vendor.url ...
        assert vendor.asked("/fng/") == [{"limit": "30"}]

Nothing here waits by the clock: an answer that is held back is let go by the test.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tests.fakes.server import Reply, Request, raw_reply, read_request


@dataclass
class Answer:
    """What is sent for one request. `body` is text or a JSON value."""

    body: Any = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    hangs_up: bool = False
    held_until: asyncio.Event | None = None

    @classmethod
    def busy(cls, retry_after: str | int | None, status: int = 429) -> Answer:
        return cls(status=status, headers={} if retry_after is None else {"Retry-After": str(retry_after)})

    @classmethod
    def garbage(cls, text: str = "<html>Bad Gateway</html>") -> Answer:
        return cls(body=text)

    @classmethod
    def never(cls) -> Answer:
        return cls(silent=True)

    @classmethod
    def hang_up(cls) -> Answer:
        return cls(hangs_up=True)

    @classmethod
    def held(cls, body: Any, until: asyncio.Event) -> Answer:
        return cls(body=body, held_until=until)


class VendorServer:
    """One vendor. Paths without an answer get 404."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._answers: dict[str, list[Answer]] = {}
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    @property
    def url(self) -> str:
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    def answers(self, path: str, *in_turn: Any) -> None:
        """Say these in turn from now on, the last one for good."""
        self._answers[path] = [one if isinstance(one, Answer) else Answer(one) for one in in_turn]

    def asked(self, path: str) -> list[dict[str, str]]:
        """The parameters of every request for `path`."""
        return [one.query for one in self.requests if one.path == path]

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while request := await read_request(reader, ""):
                    self.requests.append(request)
                    if not await self._reply(request, writer):
                        break
        finally:
            self._open.discard(task)
            writer.close()

    async def _reply(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection stays open."""
        script = self._answers.get(request.path, [Answer("no such page", 404)])
        answer = script.pop(0) if len(script) > 1 else script[0]
        if answer.silent:
            await asyncio.Event().wait()
        if answer.held_until is not None:
            await answer.held_until.wait()
        if answer.hangs_up:
            return False
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        headers = {"Content-Type": "application/json", **answer.headers}
        writer.write(raw_reply(Reply(text.encode(), answer.status, headers)))
        await writer.drain()
        return True
