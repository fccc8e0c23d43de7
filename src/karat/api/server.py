"""Serving the API: a loopback socket, and a server that ends its streams before it ends itself."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from karat.core.errors import InputError

LOOPBACK_HOST = "127.0.0.1"
DRAIN_SECONDS = 3  # how long a shutdown waits for requests under way


def bind_socket(host: str, port: int) -> socket.socket:
    """A bound, not yet listening socket; port 0 takes a free one.

    Raises InputError: `not_loopback` for any host but 127.0.0.1, localhost or ::1; `port_in_use`; `bad_port`.
    """
    if host not in ("127.0.0.1", "localhost", "::1"):
        raise InputError("not_loopback", f"Karat does not listen on {host}.", f"Use {LOOPBACK_HOST}.")
    if not 0 <= port <= 65_535:
        raise InputError("bad_port", f"{port} is not a port.", "Choose 0 to 65535; 0 takes a free one.")
    family, address = (socket.AF_INET6, "::1") if host == "::1" else (socket.AF_INET, LOOPBACK_HOST)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise _bind_error(error, port) from error
    return listener


def _bind_error(error: OSError, port: int) -> InputError:
    if error.errno == errno.EADDRINUSE:
        hint = "Stop the other program, or choose another port with --port, 0 for any free one."
        return InputError("port_in_use", f"Port {port} is in use.", hint)
    return InputError("bad_port", f"Port {port} cannot be opened: {error.strerror}.", "Choose another with --port.")


class ApiServer(uvicorn.Server):
    """Serves `app` on `listener` until a signal or `stop`; then `run` returns and the caller goes on closing."""

    def __init__(self, app: FastAPI, listener: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
        )
        self._closing: asyncio.Event = app.state.closing
        self._listener = listener

    async def run_until_stopped(self) -> None:
        """Serve in the running loop until stopped."""
        await self.serve(sockets=[self._listener])

    def stop(self) -> None:
        """Ask the server to end; safe from any thread."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the open streams first, else each of them would hold the shutdown up."""
        self._closing.set()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Like uvicorn's, but a signal that stopped the server is not raised again: the bots still have to close."""
        try:
            previous = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        except ValueError:  # not the main thread: signals are someone else's
            previous = {}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.handle_exit(number, frame)


def serve(app: FastAPI, listener: socket.socket) -> None:
    """Serve `app` on `listener` until Ctrl+C or SIGTERM, then return."""
    asyncio.run(ApiServer(app, listener).run_until_stopped())
