"""The server's side of a websocket (RFC 6455), as little of it as the fakes need: text out, pings answered."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.fakes.server import Request

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class WebSocket:
    """One open connection. `deaf`: pings are not answered any more, as by a peer that is gone."""

    def __init__(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.deaf = False
        self.received: list[str] = []
        digest = hashlib.sha1((request.headers["sec-websocket-key"] + _MAGIC).encode()).digest()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
        )

    async def send(self, text: str) -> None:
        self._frame(_TEXT, text.encode())
        await self._writer.drain()

    async def listen(self, told: Callable[[str], Awaitable[None]] | None = None) -> None:
        """Read until the client is gone; `told` is given every text."""
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                kind, payload = await self._read()
                if kind == _CLOSE:
                    return
                if kind == _PING and not self.deaf:
                    self._frame(_PONG, payload)
                if kind == _TEXT:
                    self.received.append(payload.decode())
                    if told is not None:
                        await told(self.received[-1])

    def _frame(self, kind: int, payload: bytes) -> None:
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | kind, size)
        elif size < 65_536:
            head = struct.pack("!BBH", 0x80 | kind, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | kind, 127, size)
        self._writer.write(head + payload)

    async def _read(self) -> tuple[int, bytes]:
        first, second = await self._reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", await self._reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self._reader.readexactly(8))
        mask = await self._reader.readexactly(4)
        payload = await self._reader.readexactly(size)
        return first & 0x0F, bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
