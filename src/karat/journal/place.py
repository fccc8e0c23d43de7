"""Where the journal is: a file under KARAT_HOME, or a PostgreSQL database named by KARAT_JOURNAL_URL."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from karat.core.errors import InputError
from karat.core.home import karat_home

FILE_NAME = "journal.db"
URL_SETTING = "KARAT_JOURNAL_URL"
SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")


def journal_path(home: Path | None = None) -> Path:
    """Where the journal of a Karat home is when it is a file; it need not exist yet."""
    return (home or karat_home()) / FILE_NAME


def journal_url() -> URL | None:
    """The database that KARAT_JOURNAL_URL names; None where it names none. Raises InputError `bad_journal_url`."""
    told = os.environ.get(URL_SETTING, "")
    return parsed_url(told) if told else None


def parsed_url(told: str) -> URL:
    """The URL of a PostgreSQL database. Raises InputError `bad_journal_url`, which does not repeat what was told."""
    try:
        url = make_url(told)
    except (ArgumentError, ValueError):
        url = None
    # An @ behind the one that ends the password: it belongs to the password, and would be shown with the host.
    if url is None or url.drivername not in SCHEMES or not url.database or "@" in f"{url.host}{url.database}":
        hint = "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, @ and / in a password as %40 and %2F."
        raise InputError("bad_journal_url", f"{URL_SETTING} is not the URL of a PostgreSQL database.", hint)
    return url.set(drivername="postgresql+psycopg")


def shown(url: URL) -> str:
    """A database for people and logs: host, port and name, never user or password."""
    host = url.host or url.query.get("host", "localhost")
    port = f":{url.port}" if url.port else ""
    return f"PostgreSQL at {host}{port}/{url.database}"


def journal_is_there(home: Path | None = None) -> bool:
    """Whether there is a journal to look at, without making one. A database by URL counts as there."""
    if home is None and os.environ.get(URL_SETTING):
        return True
    return journal_path(home).exists()
