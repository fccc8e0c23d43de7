"""Journals of earlier versions are carried up whole; those of later ones, and what is none, are left alone."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import URL, create_engine
from tests.postgres_server import PostgresServer
from tests.unit.journal.conftest import Opens
from tests.unit.journal.entries import ANCHOR, bot_record
from tests.unit.journal.older import older_journal

from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import BotId
from karat.core.time import HOUR_MS
from karat.journal import journal_path, open_journal
from karat.journal.store import SqlJournal
from karat.journal.tables import METADATA, VERSION
from karat.journal.upgrade import VERSION_TABLE, copy_path
from karat.ports.cockpit import EventKind
from karat.ports.journal import DossierMark, Part

ADA, BEA = BotId("ada"), BotId("bea")


def test_migrations_make_the_tables_that_are_declared(journal: SqlJournal) -> None:
    with journal._store.engine.connect() as connection:
        found = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_server_default": True}
        )
        assert compare_metadata(found, METADATA) == []


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_journal_is_read_as_before(version: int, tmp_path: Path) -> None:
    older_journal(tmp_path, version)
    with closing(open_journal(tmp_path)) as journal:
        assert journal.bots() == (bot_record(), bot_record("bea"))
        status = journal.status(ADA)
        assert (status.bars, status.last_ts, status.last_close, status.kernel) == (2, ANCHOR + HOUR_MS, 101.1, b"\1\1")
        assert journal.marks(ADA).equity.tolist() == [5_000.0, 5_000.1]
        assert [(one.id, one.part) for one in journal.intents(ADA)] == [("ada-x", Part.EXIT), ("ada-0", Part.ENTRY)]
        (fill,) = journal.fills(ADA)
        assert (fill.gain, fill.order, fill.stop_ticks) == (0.1 + 0.2, "ada-0", 990)
        (trade,) = journal.trades(9)
        assert (trade.sequence, trade.pnl, trade.risk) == (7, -3.9, None)
        told = [(one.id, one.bot, one.kind, one.payload) for one in journal.events_after(0, 99)]
        assert told == [
            (1, ADA, EventKind.STARTED, {}),
            (3, ADA, EventKind.ENTRY, {"price": 100.1}),
            (4, ADA, EventKind.MARKED, {}),
            (5, BEA, EventKind.WARNING, {}),
        ]
        assert journal.last_event_id() == 5
        assert [(one.sequence, one.kind) for one in journal.log(0, 99)] == [
            (1, "started"),
            (2, "entry"),
            (3, "warning"),
        ]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_journal_goes_on(version: int, tmp_path: Path) -> None:
    older_journal(tmp_path, version)
    deployed = replace(bot_record("cleo"), dossier=DossierMark("ema-BTC-0123", "ab" * 32))
    with closing(open_journal(tmp_path)) as journal:
        journal.create_bot(deployed)
        origin = journal.origin
        assert 0 <= origin < 36**5
    with closing(open_journal(tmp_path)) as journal:
        assert journal.bots()[-1] == deployed and journal.origin == origin


def test_what_was_there_is_kept_beside(tmp_path: Path) -> None:
    path = older_journal(tmp_path, 2)
    open_journal(tmp_path).close()
    assert copy_path(path).name == f"journal.db.before-{VERSION}"
    with closing(sqlite3.connect(copy_path(path))) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (2,)
        assert copy.execute("SELECT count(*) FROM events").fetchone() == (4,)


def test_no_copy_is_made_of_a_journal_without_bots(tmp_path: Path) -> None:
    open_journal(tmp_path).close()
    assert not copy_path(journal_path(tmp_path)).exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from alembic import command
from sqlalchemy import Engine, event
from karat.journal import open_journal
from karat.journal.place import parsed_url

left = 0

@event.listens_for(Engine, "before_cursor_execute")
def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

url = parsed_url(sys.argv[2]) if sys.argv[2] else None
for statement in map(int, sys.argv[3:]):
    child = os.fork()
    if child == 0:
        left = statement
        open_journal(Path(sys.argv[1]), url).close()
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def opened_and_killed(home: Path, url: str, *statements: int) -> list[int]:
    """The exit codes of processes that open a journal one after the other, each killed just before a statement."""
    command = [sys.executable, "-c", KILLED, str(home), url, *map(str, statements)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return [int(line) for line in done.stdout.split()]


def test_killed_in_the_middle_it_is_of_the_version_it_was_of(tmp_path: Path) -> None:
    path = older_journal(tmp_path, 1)
    assert opened_and_killed(tmp_path, "", 9, 18, 27, 36, 45) == [-9] * 5
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (1,)
        tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert not tables & {"head", "marked", VERSION_TABLE}
        assert raw.execute("SELECT count(*) FROM events").fetchone() == (4,)
    with closing(open_journal(tmp_path)) as journal:
        assert len(journal.log(0, 99)) == 3


def test_killed_in_the_middle_a_database_is_as_empty_as_before(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.new_database()
    assert opened_and_killed(tmp_path, url.render_as_string(hide_password=False), 10, 30) == [-9] * 2
    engine = create_engine(url)
    with engine.connect() as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert connection.exec_driver_sql(tables).scalar() == 0
    engine.dispose()
    with closing(open_journal(url=url)) as journal:
        assert journal.bots() == ()


def test_a_newer_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    open_journal(tmp_path).close()
    with closing(sqlite3.connect(journal_path(tmp_path))) as raw:
        raw.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = journal_path(tmp_path).read_bytes()
    with pytest.raises(InputError, match="newer Karat") as refused:
        open_journal(tmp_path)
    assert refused.value.code == "journal_newer"
    assert journal_path(tmp_path).read_bytes() == before


def test_a_newer_store_is_refused(opens: Opens, journal: SqlJournal) -> None:
    with journal._store.engine.connect() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '{VERSION + 1}'")
    with pytest.raises(InputError) as refused:
        opens()
    assert refused.value.code == "journal_newer"
    assert journal.bots() == (bot_record(),)


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(journal_path(tmp_path))) as raw:
        raw.execute("CREATE TABLE notes (text TEXT)")
    with pytest.raises(InputError, match="not a journal"):
        open_journal(tmp_path)
    journal_path(tmp_path).write_bytes(b"words, words, words" * 99)
    with pytest.raises(NeedsOperator, match="cannot be read"):
        open_journal(tmp_path)


def test_a_database_that_holds_something_else_is_refused_and_left_as_it_is(postgres: PostgresServer) -> None:
    url: URL = postgres.new_database()
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (text TEXT)")
        with pytest.raises(InputError) as refused:
            open_journal(url=url)
        assert refused.value.code == "journal_foreign"
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert connection.exec_driver_sql(tables).scalar() == 1
    engine.dispose()
