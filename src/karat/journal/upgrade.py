"""A store is made ready when it is opened: its tables are made, or brought up from an earlier version.

1. All of it is one transaction, whichever the store: killed in the middle, the journal is of the version it was of.
2. A newer journal, or something that is no journal, is refused and left as it is.
3. Of an SQLite file that holds bots a copy is kept beside it before it is changed.

Alembic keeps the version in `journal_version`. SQLite files carry it in `PRAGMA user_version` too, where every Karat
before version 3 looks for it, and `application_id` says that the file is a journal at all.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, inspect

from karat.core.errors import InputError
from karat.journal.stores import Store
from karat.journal.tables import VERSION

APPLICATION_ID = 0x4B52544A  # "KRTJ"
VERSION_TABLE = "journal_version"
UPGRADE_LOCK = APPLICATION_ID  # of PostgreSQL: two processes that begin together do so in turn
MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_MIGRATION = threading.Lock()  # what Alembic works on is global to the process


def ready(store: Store) -> None:
    """Make sure that the tables are there and of this version.

    Raises InputError `journal_newer` or `journal_foreign`. What is refused is left as it was.
    """
    with store.engine.connect() as connection:
        if _version(connection, store) == VERSION:
            return
        if store.kind == "sqlite":
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        connection.commit()  # of the questions so far; from here on one transaction, which Alembic finds open
        with connection.begin():
            connection.exec_driver_sql(store.begin)
            if store.kind == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})")
            version = _version(connection, store)  # which another process may have moved meanwhile
            if version < VERSION:
                _keep_copy(connection, store)
                _migrate(connection, store, version)


def copy_path(path: Path) -> Path:
    """Where the copy is that is made of a file before it is brought up to this version."""
    return path.with_name(f"{path.name}.before-{VERSION}")


def _version(connection: Connection, store: Store) -> int:
    """Of the tables that are there; 0 for none. Raises InputError `journal_newer` or `journal_foreign`."""
    tables = set(inspect(connection).get_table_names())
    told = _told(connection, tables)
    if store.kind == "sqlite":
        marked = _number(connection, "PRAGMA user_version")
        if not tables and marked == 0:
            return 0
        if _number(connection, "PRAGMA application_id") != APPLICATION_ID:
            raise _foreign(store)
        told = str(max(marked, int(told or 0)) if told is None or told.isdigit() else told)
    elif not tables:
        return 0
    if told is None or not told.isdigit() or not {"bots", "bars"} <= tables:
        raise _foreign(store)
    if int(told) > VERSION:
        raise InputError(
            "journal_newer",
            f"{store.shown} was written by a newer Karat (journal version {told}, this one knows {VERSION}).",
            "Upgrade Karat, or set KARAT_HOME to another folder." if store.path else "Upgrade Karat.",
        )
    return int(told)


def _told(connection: Connection, tables: set[str]) -> str | None:
    if VERSION_TABLE not in tables:
        return None
    rows = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").fetchall()
    return rows[0][0] if len(rows) == 1 else None


def _foreign(store: Store) -> InputError:
    hint = "Move it away, or set KARAT_HOME." if store.path else "Name a database, or a schema of it, that is empty."
    return InputError("journal_foreign", f"{store.shown} is not a journal of Karat.", hint)


def _migrate(connection: Connection, store: Store, version: int) -> None:
    """Every step from `version` on, in the transaction that is open."""
    from alembic import command  # only where there is something to migrate: it takes long to load
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes.update(connection=connection, version_table=VERSION_TABLE)
    with _ONE_MIGRATION:
        if version and VERSION_TABLE not in inspect(connection).get_table_names():
            command.stamp(config, str(version))
        command.upgrade(config, str(VERSION))
    if store.kind == "sqlite":
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")


def _keep_copy(connection: Connection, store: Store) -> None:
    """Beside an SQLite file with bots, whole or not at all. Nobody else writes meanwhile: a transaction is open."""
    if store.path is None or not inspect(connection).has_table("bots"):
        return
    if _number(connection, "SELECT count(*) FROM bots") == 0:
        return
    kept = copy_path(store.path)
    part = kept.with_name(f"{kept.name}.part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(store.path)) as source, closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(kept)


def _number(connection: Connection, question: str) -> int:
    return int(connection.exec_driver_sql(question).fetchall()[0][0])
