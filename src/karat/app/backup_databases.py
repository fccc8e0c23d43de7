"""Databases in a backup: SQLite files by path, and a journal in PostgreSQL by its own tools.

A database is copied as of one moment while others write to it; copying the bytes of its file would not be that.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from karat.core.errors import InputError, NeedsOperator, RetryLater

BUSY_SECONDS = 30.0
JOURNAL_URL = "KARAT_JOURNAL_URL"
DUMP_NAME = "journal.pgdump"
_MAGIC = b"SQLite format 3\0"
_BESIDE = ("-wal", "-shm", "-journal")
_OPTIONS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "host": "PGHOST", "port": "PGPORT"}


def is_database(path: Path) -> bool:
    """Whether it is a SQLite file."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def is_beside_database(path: Path) -> bool:
    """Whether it is the log or index of a SQLite file: the copy of that file has what is in it."""
    owner = next((path.with_name(path.name.removesuffix(end)) for end in _BESIDE if path.name.endswith(end)), None)
    return owner is not None and owner.is_file() and is_database(owner)


def copy_database(source: Path, target: Path) -> None:
    """A SQLite database as it is at one moment. Writers go on. Raises NeedsOperator `database_damaged`, RetryLater
    `database_busy`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(_opened(source, "mode=ro")) as from_it, closing(sqlite3.connect(target)) as to_it:
            from_it.backup(to_it)  # in one step: within one read of a write-ahead log nothing moves
    except sqlite3.OperationalError as error:
        if "full" in str(error):
            raise RetryLater("disk_full", "There is no room for the backup.", "Free some, or use --to.") from error
        raise RetryLater("database_busy", f"{source.name} cannot be read now: {error}.", "Try again.") from error
    except sqlite3.DatabaseError as error:
        message = f"{source.name} is damaged: {error}."
        raise NeedsOperator("database_damaged", message, "Restore an earlier backup.") from error
    target.chmod(0o600)


def is_sound(path: Path) -> bool:
    """Whether SQLite finds nothing wrong in a file that nobody writes. Nothing is made beside it."""
    try:
        with closing(_opened(path, "mode=ro&immutable=1")) as database:
            found = database.execute("PRAGMA integrity_check").fetchall()
            return found == [("ok",)] and not database.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError:
        return False


def postgresql_url(environment: Mapping[str, str] = os.environ) -> str | None:
    """The URL of the journal where it is in PostgreSQL."""
    url = environment.get(JOURNAL_URL, "")
    return url if url.partition(":")[0].partition("+")[0] in ("postgresql", "postgres") else None


def dump_postgresql(url: str, target: Path) -> None:
    """The database as it is at one moment, in pg_dump's own format.

    Raises InputError `tool_missing`, RetryLater `dump_failed`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _run(("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}"), url)
    target.chmod(0o600)


def restore_postgresql(url: str, dump: Path) -> None:
    """Into a database that is empty: all of it or nothing. Raises as `dump_postgresql` does."""
    database = connection_settings(url)["PGDATABASE"]
    words = ("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    _run((*words, f"--dbname={database}", str(dump)), url)


def connection_settings(url: str) -> dict[str, str]:
    """A URL as the tools' variables: in arguments every user of the machine could read the password.

    Raises InputError `bad_journal_url`, which does not repeat it.
    """
    try:
        parts = urlsplit(url)
        told = {
            "PGHOST": unquote(parts.hostname or ""),
            "PGPORT": str(parts.port or ""),
            "PGUSER": unquote(parts.username or ""),
            "PGPASSWORD": unquote(parts.password or ""),
            "PGDATABASE": unquote(parts.path.removeprefix("/")),
        }
        more = {_OPTIONS[name]: value for name, value in parse_qsl(parts.query, strict_parsing=bool(parts.query))}
    except (ValueError, KeyError) as error:
        hint = f"Options that can be used: {', '.join(_OPTIONS)}."
        raise InputError("bad_journal_url", f"{JOURNAL_URL} is not understood.", hint) from error
    if not told["PGDATABASE"]:
        raise InputError("bad_journal_url", f"{JOURNAL_URL} names no database.", "postgresql://user@host/database")
    return {name: value for name, value in {**told, **more}.items() if value}


def _run(words: tuple[str, ...], url: str) -> None:
    tool = shutil.which(words[0])
    if tool is None:
        message = f"The journal is in PostgreSQL, and {words[0]} is not on this machine."
        raise InputError("tool_missing", message, "Install PostgreSQL's client tools, of the server's version.")
    settings = connection_settings(url)
    done = subprocess.run(
        [tool, *words[1:]], env={**os.environ, **settings}, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
        told = next((line for line in said if "error:" in line), said[-1]).replace(
            settings.get("PGPASSWORD") or "\0", "[secret]"
        )
        raise RetryLater("dump_failed", f"{words[0]} failed: {told}.", "Check the server and its version.")


def _opened(path: Path, how: str) -> sqlite3.Connection:
    """The one place where a file is opened by its path: whatever made it, it is only read."""
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?{how}", uri=True, timeout=BUSY_SECONDS)
