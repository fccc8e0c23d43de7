"""Servers that tests start by themselves, each in a folder of its own; skipped where they are not installed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

Program = TypeVar("Program")


class Server(Protocol):
    """What can be started and stopped."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


Made = TypeVar("Made", bound=Server)


def running(
    program: Program | None, name: str, package: str, driver: str, make: Callable[[Program, Path], Made]
) -> Iterator[Made]:
    """A running server for as long as it is used. `program` None: it is not installed, which CI does not forgive."""
    if program is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is required under CI and is not installed")
        pytest.skip(f"not run: {name} is not installed (apt install {package})")
    pytest.importorskip(driver, reason=f"not run: the package {driver} is not installed")
    with tempfile.TemporaryDirectory(prefix=f"karat-{driver}-") as folder:
        server = make(program, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
