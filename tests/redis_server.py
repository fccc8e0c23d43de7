"""A Redis server for tests: one per process, without a disk, heard on a socket in a temporary folder."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.servers import running


class RedisServer:
    """Started by `start`; `stop` is at once, as if the machine had died."""

    def __init__(self, program: str, folder: Path) -> None:
        self._command = [program, "--port", "0", "--unixsocket", str(folder / "s"), "--save", "", "--dir", str(folder)]
        self._folder = folder
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._folder / 's'}"

    def start(self) -> None:
        if self._running is not None:
            return
        self._running = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (self._folder / "s").exists():
            assert self._running.poll() is None, "redis-server ended"
            time.sleep(0.005)

    def stop(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None
        (self._folder / "s").unlink(missing_ok=True)


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A running, empty one."""
    yield from running(shutil.which("redis-server"), "Redis", "redis-server", "redis", RedisServer)
