"""The two kinds of store. All that differs between SQLite and PostgreSQL is here and in `holds` and `upgrade`.

Both speak in autocommit: a question is one moment, and a transaction is begun and ended by name.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from karat.core.errors import InputError
from karat.journal.place import shown

PAGE_BYTES = 1024  # a bar changes the ends of two tables: with pages of 4 KB its commit wrote, and took, twice as much
CHECKPOINT_PAGES = 256_000  # 256 MB of log, at which a commit carries it over itself: `checkpoints` is there first
BUSY_SECONDS = 30.0  # how long a write waits for another process's transaction, each of which takes a millisecond
DESK_BUSY_SECONDS = 0.5  # of a desk: its loop stands still meanwhile, and it tries again by itself
CONNECT_SECONDS = 10
SILENT_SECONDS = 30  # a server that acknowledges nothing for so long is taken for gone


@dataclass(frozen=True, eq=False)
class Store:
    """An engine, and what its kind wants. `path` is the file of an SQLite store, None for a server."""

    engine: Engine
    shown: str
    begin: str
    path: Path | None

    @property
    def driver(self) -> Any:
        """The module of the driver, for its exceptions."""
        return self.engine.dialect.loaded_dbapi

    @property
    def in_memory(self) -> bool:
        """An SQLite store without a file, which ends with its process."""
        return self.kind == "sqlite" and self.path is None

    @property
    def kind(self) -> str:
        return self.engine.dialect.name

    def patience(self, seconds: float) -> str:
        """The statement after which a connection waits so long for others."""
        ms = int(seconds * 1000)
        return f"PRAGMA busy_timeout = {ms}" if self.kind == "sqlite" else f"SET lock_timeout = {ms}"


def sqlite_store(path: Path) -> Store:
    """One file. Readers and the one writer never wait for each other (write-ahead log); with `synchronous=NORMAL` a
    commit survives the death of the process, and a power failure may lose the newest ones, all of them whole."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        isolation_level="AUTOCOMMIT",
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None
        for pragma in (
            f"page_size = {PAGE_BYTES}", "synchronous = NORMAL", "foreign_keys = ON",
            f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        ):  # fmt: skip
            connection.execute(f"PRAGMA {pragma}")

    return Store(engine, str(path), "BEGIN IMMEDIATE", path)


def memory_store() -> Store:
    """SQLite without a file: the same tables and statements, nothing on a disk, gone when it is closed. There is one
    connection, so it is for one thread."""
    engine = create_engine(
        "sqlite://", isolation_level="AUTOCOMMIT", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None
        for pragma in ("synchronous = OFF", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    return Store(engine, "a journal in memory", "BEGIN", None)


def postgres_store(url: URL) -> Store:
    """A database on a server. A commit is on the server's disk. Raises InputError `postgres_missing`."""
    patience = {
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": SILENT_SECONDS,
        "keepalives_interval": SILENT_SECONDS // 3,
        "tcp_user_timeout": SILENT_SECONDS * 1000,
        "application_name": "karat",
    }
    try:
        engine = create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            paramstyle="format",
            pool_pre_ping=True,
            connect_args={name: value for name, value in patience.items() if name not in url.query},
        )
    except ModuleNotFoundError as error:
        message = "A journal in PostgreSQL needs the package psycopg."
        raise InputError("postgres_missing", message, "Install karat with the extra postgres.") from error

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        waits = {"lock_timeout": BUSY_SECONDS, "idle_in_transaction_session_timeout": 2 * BUSY_SECONDS}
        for name, seconds in waits.items():
            connection.execute(f"SET {name} = {int(seconds * 1000)}")

    return Store(engine, shown(url), "BEGIN", None)


def discard(connection: Any) -> None:
    """Close a connection that may be broken."""
    with suppress(Exception):
        connection.invalidate()
