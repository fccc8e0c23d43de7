"""Both stores, for tests that hold on either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL
from tests.postgres_server import PostgresServer, postgres
from tests.unit.journal.entries import bot_record

from karat.journal import open_journal
from karat.journal.store import SqlJournal

__all__ = ["postgres"]

Opens = Callable[[], SqlJournal]


@pytest.fixture(scope="session")
def made_once(postgres: PostgresServer) -> URL:
    """A database with an empty journal, to make others from: that is quicker than migrating each."""
    url = postgres.new_database()
    open_journal(url=url).close()
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opens]:
    """Opens one and the same journal, each time anew; all are closed after the test."""
    url = None
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database(request.getfixturevalue("made_once"))
    opened: list[SqlJournal] = []

    def open_it() -> SqlJournal:
        opened.append(open_journal(tmp_path, url))
        return opened[-1]

    yield open_it
    for journal in opened:
        journal.close()


@pytest.fixture
def journal(opens: Opens) -> SqlJournal:
    """With the bot `ada`, who has done nothing yet."""
    opened = opens()
    opened.create_bot(bot_record())
    return opened
