"""What the driver of a store says, as errors of Karat. Nothing that is passed on holds a password."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from karat.core.errors import InputError, KaratError, NeedsOperator, RetryLater

_SQLITE_DUPLICATES = frozenset(
    {sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_ROWID}
)
_UNIQUE_VIOLATION = "23505"
_READ_ONLY = "25006"  # a server that has become a standby


def driver_error(error: BaseException) -> BaseException:
    """What the driver raised, without what SQLAlchemy put around it."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def said_by(error: BaseException) -> str:
    """The words of a driver in one line."""
    return "; ".join(line.strip() for line in str(driver_error(error)).splitlines() if line.strip())


def is_duplicate(error: BaseException) -> bool:
    """Whether a row was refused because one with its key is there."""
    told = driver_error(error)
    code = getattr(told, "sqlite_errorcode", None)
    return code in _SQLITE_DUPLICATES or getattr(told, "sqlstate", None) == _UNIQUE_VIOLATION


def is_passing(error: BaseException, driver: Any) -> bool:
    """Whether the same may succeed later: locked, full, unreachable, a connection that was lost."""
    told = driver_error(error)
    if isinstance(told, PoolTimeout):
        return True
    if isinstance(told, driver.OperationalError):  # SQLITE_ERROR: a statement that is wrong
        return getattr(told, "sqlite_errorcode", None) != sqlite3.SQLITE_ERROR
    if isinstance(told, driver.InterfaceError):
        return driver is not sqlite3
    return getattr(told, "sqlstate", None) == _READ_ONLY


def busy(shown: str, error: BaseException) -> RetryLater:
    """The journal cannot be used now."""
    return RetryLater("journal_busy", f"{shown} cannot be used now: {said_by(error)}.", "Free the disk, or wait.")


def opening_error(shown: str, error: BaseException, driver: Any) -> KaratError | None:
    """Why a journal cannot be opened; None for an error that is not the store's."""
    told = driver_error(error)
    if isinstance(told, OSError | driver.OperationalError | driver.InterfaceError | PoolTimeout):
        hint = "Set KARAT_HOME." if driver is sqlite3 else "See that the server is there, and KARAT_JOURNAL_URL right."
        return InputError("journal_unusable", f"{shown} cannot be opened: {said_by(told)}.", hint)
    if isinstance(told, driver.DatabaseError):
        return NeedsOperator(
            "journal_damaged", f"{shown} cannot be read: {said_by(told)}.", "Put a copy in its place, or move it away."
        )
    return None
