"""A canary: a secret that is looked for, byte by byte, wherever something is written or shown.

The forms are made here by hand and not by the code that takes them out.
"""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, quote_plus

from tests.fakes.server import Reply, Request, raw_reply
from tests.fakes.vendor_server import VendorServer

CANARY = "canary/5d41+402abc=4b2a76b9719d"


def forms(secret: str) -> dict[str, bytes]:
    """What is looked for: in base64 the part that is the same wherever the secret begins within other bytes."""
    raw = secret.encode()
    return {
        "plain": raw,
        "json": json.dumps(secret)[1:-1].encode(),
        "url": quote(secret, safe="").encode(),
        "url plus": quote_plus(secret).lower().encode(),
        "hex": raw.hex().encode(),
        "hex upper": raw.hex().upper().encode(),
        "base64": base64.b64encode(raw)[:-4],
        "base64 after 1": base64.b64encode(b"\0" + raw)[4:-4],
        "base64 after 2": base64.b64encode(b"\0\0" + raw)[4:-4],
        "base64 for addresses": base64.urlsafe_b64encode(raw)[:-4],
        "utf-16": secret.encode("utf-16-le"),
    }


def found_in(sinks: Mapping[str, bytes], secret: str = CANARY) -> list[str]:
    """Every sink that holds the secret, and in which form."""
    wanted = forms(secret)
    return [f"{sink}: {form}" for sink, content in sinks.items() for form, raw in wanted.items() if raw in content]


def files_under(*folders: Path) -> dict[str, bytes]:
    """Every file, journal and its log included, and the names of all."""
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path): path.read_bytes() for path in files} | {"names": "\n".join(map(str, files)).encode()}


class EchoingVendor(VendorServer):
    """A vendor that repeats all it was told, keys too, in the text of its error."""

    async def _reply(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        told = f"{request.query} {request.headers}"
        status = 400 if request.path.startswith("/fred") else 200
        body = told if status == 400 else json.dumps({"code": "50001", "msg": f"refused: {told}"})
        writer.write(raw_reply(Reply(body.encode(), status, {"Content-Type": "application/json"})))
        await writer.drain()
        return True


@contextmanager
def running(server: VendorServer) -> Iterator[str]:
    """A vendor in a thread of its own; gives its address."""
    started, loop, done = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with server:
            started.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    started.wait()
    try:
        yield server.url
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()
