"""A PostgreSQL server for tests: one per process, in a temporary folder, heard on a socket there and nowhere else.

It never runs as root: where the tests do, it runs as the user `postgres`, else `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import URL
from tests.servers import running

_OPTIONS = "-c listen_addresses='' -c shared_buffers=16MB -c max_connections=40 -c lc_messages=C"


def find_programs() -> Path | None:
    """The folder of initdb and pg_ctl; None where PostgreSQL is not installed."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda folder: int(folder.parent.name)) if found else None


def _servant() -> str | None:
    """Whom to run it as, where the tests run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


class PostgresServer:
    """Started by `start`; `stop` and `start` again keep what it holds. `durable`: a commit waits for the disk."""

    def __init__(self, programs: Path, folder: Path, *, durable: bool = False) -> None:
        self._durable = durable
        self._programs = programs
        self._folder = folder
        self._servant = _servant()
        self._databases = count()
        if self._servant is not None:
            shutil.chown(folder, self._servant)
        self._run("initdb", "-D", str(self._data), "-U", "karat", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def start(self) -> None:
        options = f"{_OPTIONS} -c fsync={'on' if self._durable else 'off'} -c unix_socket_directories={self._folder}"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """At once, as if the machine had died."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def url(self, database: str) -> URL:
        return URL.create("postgresql+psycopg", "karat", database=database, query={"host": str(self._folder)})

    def new_database(self, template: URL | None = None) -> URL:
        """An empty one, or one like `template`, to which nobody is connected."""
        name = f"journal_{next(self._databases)}"
        like = [] if template is None else ["-T", str(template.database)]
        self._run("createdb", "-h", str(self._folder), "-U", "karat", *like, name)
        return self.url(name)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if self._servant is not None:
            command = [
                "setpriv",
                f"--reuid={self._servant}",
                f"--regid={_group(self._servant)}",
                "--clear-groups",
                *command,
            ]
        # Its output is not gathered: the server would keep the pipe open for as long as it runs.
        done = subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, " ".join(command)


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running server."""
    yield from running(find_programs(), "PostgreSQL", "postgresql", "psycopg", PostgresServer)
