"""The internet as the tests have it: one listener on loopback that is every host, over HTTPS or plain HTTP.

Clients reach it as an ordinary proxy (`https_proxy`) with an ordinary file of trusted authorities (`ca_file`), so that
nothing in Karat knows that it is tested. A CONNECT is answered, then the connection turns to TLS with a certificate for
whatever host was asked for, and the fake registered for that host answers requests.

What a host does next can be scripted (`Trouble`); each trouble is used up by one request. Fakes of vendors are classes
with `answer(request) -> Reply`; one that speaks websockets has `async upgrade(request, reader, writer)` as well.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.certificates import Certificates


@dataclass(frozen=True)
class Request:
    """One request as a host got it. `query` are the parameters of its address."""

    host: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What a host answers."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])


def as_json(value: Any, status: int = 200, **headers: str) -> Reply:
    """A reply in JSON; `Retry_After="3"` becomes the header Retry-After."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(json.dumps(value).encode(), status, {"Content-Type": "application/json", **named})


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with one request: a `reply` in the place of the true one, silence, a cut, or a wait.

    `silent`: the request is read and never answered, the connection stays open. `cut`: the connection ends in the
    middle of the answer. `wait`: the answer goes when this is set. `before`: called first, whatever follows.
    """

    reply: Reply | None = None
    silent: bool = False
    cut: bool = False
    before: Callable[[], None] | None = None
    wait: threading.Event | None = None


def too_many(retry_after_seconds: int | None = None, status: int = 429) -> Trouble:
    headers = {} if retry_after_seconds is None else {"Retry_After": str(retry_after_seconds)}
    return Trouble(as_json({"code": -1003, "msg": "Too many requests."}, status, **headers))


GARBAGE = Trouble(Reply(b"<html>502 Bad Gateway", headers={"Content-Type": "text/html"}))
EMPTY = Trouble(as_json({}))
DOWN = Trouble(as_json({"msg": "down for maintenance"}, 503))
SILENCE = Trouble(silent=True)
CUT = Trouble(cut=True)


class Host(Protocol):
    """What a fake of a vendor is."""

    def answer(self, request: Request) -> Reply: ...


class Internet:
    """The listener, its hosts, what they were asked, and what goes wrong with them."""

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._hosts: dict[str, Host] = {}
        self._troubles: dict[str, deque[Trouble | None]] = {}
        self.requests: list[Request] = []
        self.port = 0

    @property
    def https_proxy(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> Path:
        return self._certificates.ca_file

    def register(self, name: str, host: Host) -> None:
        """Let `host` answer for a name; "127.0.0.1" is who asks this listener directly, over plain HTTP."""
        self._hosts[name] = host

    def script(self, name: str, *troubles: Trouble | None) -> None:
        """What goes wrong with the next requests to a name, one each; None lets one through."""
        self._troubles.setdefault(name, deque()).extend(troubles)

    def asked(self, name: str, path: str = "") -> list[Request]:
        """The requests a name got, those whose path ends so."""
        return [one for one in self.requests if one.host == name and one.path.endswith(path)]

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        self._troubles.clear()

    def forget(self) -> None:
        """Begin anew: no hosts, no troubles, no requests."""
        self._hosts.clear()
        self._troubles.clear()
        self.requests.clear()

    @contextmanager
    def running(self) -> Iterator[Internet]:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            host = ""
            while (request := await read_request(reader, host)) is not None:
                if request.method == "CONNECT":
                    host = request.path.partition(":")[0]
                    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    await writer.start_tls(self._certificates.context())
                elif not await self._serve(request, reader, writer):
                    break
        writer.close()

    async def _serve(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request. Returns whether the connection goes on."""
        self.requests.append(request)
        waiting = self._troubles.get(request.host)
        trouble = (waiting.popleft() if waiting else None) or Trouble()
        if trouble.before is not None:
            trouble.before()
        if trouble.wait is not None:
            await asyncio.to_thread(trouble.wait.wait)
        if trouble.silent:
            await reader.read()
            return False
        host = self._hosts.get(request.host)
        if request.headers.get("upgrade", "").lower() == "websocket":
            await host.upgrade(request, reader, writer)  # type: ignore[union-attr]
            return False
        unknown = Reply(b"no fake answers for this host", 404)
        reply = trouble.reply or (unknown if host is None else host.answer(request))
        raw = raw_reply(reply)
        writer.write(raw[: len(raw) // 2] if trouble.cut else raw)
        await writer.drain()
        return not trouble.cut


async def read_request(reader: asyncio.StreamReader, host: str) -> Request | None:
    """The next request of a connection, None when it ended."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    if method == "CONNECT":
        return Request("", method, target, {}, headers, body)
    address = urlsplit(target)
    name = host or address.hostname or headers.get("host", "").partition(":")[0]
    return Request(name, method, address.path, dict(parse_qsl(address.query)), headers, body)


def raw_reply(reply: Reply) -> bytes:
    """A reply as it goes over the line."""
    headers = {"Content-Length": str(len(reply.body)), **reply.headers}
    lines = [f"HTTP/1.1 {reply.status} Status", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + reply.body
