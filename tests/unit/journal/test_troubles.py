"""A store that is locked, full, gone or misnamed: one line that says so, nothing half written, and it goes on after."""

from __future__ import annotations

import logging
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from tests.postgres_server import PostgresServer
from tests.unit.journal.conftest import Opens
from tests.unit.journal.desk_entries import ADA, NOW_MS, account, event, order_record, transaction, write_bars
from tests.unit.journal.entries import bar_entry, bot_record
from tests.unit.journal.lossy_line import LossyLine
from tests.unit.lake.test_disk_full import room

from karat.core.errors import InputError, NeedsOperator, RetryLater
from karat.journal import journal_is_there, journal_path, open_journal
from karat.journal.place import journal_url, parsed_url, shown
from karat.journal.store import SqlJournal
from karat.ports.events import EventKind
from karat.ports.trading import Transaction

SECRET = "hush-hush"


def one_step(token: int) -> Transaction:
    """Something in every table that a step of the desk writes to."""
    events = tuple(event(EventKind.SENT, "x" * 200) for _ in range(20))
    return transaction(
        token, bars=(bar_entry("ada", 0),), orders=(order_record(0),), accounts=(account(),), events=events
    )


def nothing_of_it(journal: SqlJournal) -> bool:
    return (journal.status(ADA).bars, journal.log(0, 99), journal.open_orders(), journal.accounts()) == (0, (), (), ())


@pytest.mark.parametrize("more", [0, 100, 2_000, 6_000])
def test_a_full_disk_loses_nothing_and_writing_goes_on_with_room(more: int, tmp_path: Path) -> None:
    with closing(open_journal(tmp_path)) as journal:
        journal.create_bot(bot_record())
        token = journal.take_lease("one", NOW_MS, 1_000)
        log_bytes = Path(f"{journal_path(tmp_path)}-wal").stat().st_size
        with pytest.raises(RetryLater) as full, room(log_bytes + more):
            journal.write(one_step(token))
        assert full.value.code == "journal_busy" and len(str(full.value).splitlines()) == 1
        assert nothing_of_it(journal)
        assert journal.write(one_step(token)) == 20
        assert journal.status(ADA).bars == 1 and len(journal.log(0, 99)) == 20


def test_a_store_that_another_one_has_locked_is_busy(opens: Opens, journal: SqlJournal) -> None:
    token = journal.take_lease("one", NOW_MS, 1_000)
    patience = {"sqlite": "PRAGMA busy_timeout = 1", "postgresql": "SET lock_timeout = 1"}
    journal._writer.cursor.execute(patience[journal._store.kind])
    other = opens()
    with other._writer.transaction():
        other._writer.cursor.execute("UPDATE head SET holder = 'other'")
        with pytest.raises(RetryLater) as busy:
            journal.write(one_step(token))
        assert busy.value.code == "journal_busy"
        assert nothing_of_it(journal)
    assert journal.write(one_step(token)) == 20


def test_a_server_that_comes_back_is_written_to_again(postgres: PostgresServer) -> None:
    with closing(open_journal(url=postgres.new_database())) as journal:
        journal.create_bot(bot_record())
        token = journal.take_lease("one", NOW_MS, 1_000)
        postgres.stop()
        try:
            for ask in (lambda: journal.write(one_step(token)), lambda: journal.log(0, 9)) * 2:
                with pytest.raises(RetryLater) as gone:
                    ask()
                assert gone.value.code == "journal_busy" and len(str(gone.value).splitlines()) == 1
        finally:
            postgres.start()
        assert journal.log(0, 9) == ()
        assert journal.write(one_step(token)) == 20
        assert journal.take_lease("one", NOW_MS, 1_000) > token
        assert len(journal.log(0, 99)) == 20


def test_a_connection_cut_in_a_transaction_leaves_nothing_of_it(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    with closing(open_journal(url=url)) as journal:
        journal.create_bot(bot_record())
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with pytest.raises(RetryLater), journal._writer.transaction(), engine.connect() as other:
            journal._writer.cursor.execute("UPDATE bot_state SET bars = 9")
            mine = journal._writer._connection.driver_connection.info.backend_pid
            assert other.exec_driver_sql(f"SELECT pg_terminate_backend({mine}, 5000)").scalar()
            journal._writer.cursor.execute("SELECT 1")
        engine.dispose()
        assert journal.status(ADA).bars == 0
        write_bars(journal, bar_entry("ada", 0))
        assert journal.status(ADA).bars == 1


def insisted(journal: SqlJournal, step: Transaction) -> int:
    """Given again until it is taken: a server may need a moment to see that a line was cut."""
    for _ in range(10_000):
        with suppress(RetryLater):
            return journal.write(step)
    pytest.fail("it was never taken")


@pytest.mark.parametrize("mode", ["unanswered", "unheard"])
def test_a_step_whose_commit_was_not_answered_is_done_once(mode: str, postgres: PostgresServer) -> None:
    with tempfile.TemporaryDirectory(prefix="karat-line-") as folder:
        line = LossyLine(Path(folder), postgres.new_database())
        with closing(open_journal(url=line.url)) as journal:
            journal.create_bot(bot_record())
            step = one_step(journal.take_lease("one", NOW_MS, 1_000))
            line.mode = mode
            with pytest.raises(RetryLater) as doubt:
                journal.write(step)
            assert doubt.value.code == "journal_busy"
            line.mode = "whole"
            assert len(journal.log(0, 99)) == (20 if mode == "unanswered" else 0)
            assert insisted(journal, step) == 20
            assert (len(journal.log(0, 99)), journal.status(ADA).bars) == (20, 1)
        line.close()


def test_a_step_that_was_done_counts_no_more_once_another_one_writes(postgres: PostgresServer) -> None:
    """Its orders have not left yet, and whoever writes now looks for them at the venue."""
    with tempfile.TemporaryDirectory(prefix="karat-line-") as folder:
        url = postgres.new_database()
        line = LossyLine(Path(folder), url)
        with closing(open_journal(url=line.url)) as journal, closing(open_journal(url=url)) as other:
            journal.create_bot(bot_record())
            step = one_step(journal.take_lease("one", NOW_MS, 1_000))
            line.mode = "unanswered"
            with pytest.raises(RetryLater):
                journal.write(step)
            line.mode = "whole"
            other.take_lease("another", NOW_MS + 60_000, 1_000)
            for _ in range(2):
                with pytest.raises(NeedsOperator) as lost:
                    insisted(journal, step)
                assert lost.value.code == "lease_lost"
            assert len(journal.log(0, 99)) == 20
        line.close()


def test_a_mistake_of_ours_is_not_taken_for_a_busy_store(journal: SqlJournal) -> None:
    driver = journal._store.driver
    with pytest.raises((driver.ProgrammingError, sqlite3.OperationalError)), journal._writer.transaction():
        journal._writer.cursor.execute("SELECT nothing FROM nowhere")
    write_bars(journal, bar_entry("ada", 0))


NO_URLS = (
    "words", "sqlite://", f"mysql://u:{SECRET}@h/d", f"postgresql://u:{SECRET}@h:x/d", f"postgresql://u:{SECRET}@h",
    f"postgresql://u:not@{SECRET}@h/d", f"postgresql://u/{SECRET}@h/d",
)  # fmt: skip


@pytest.mark.parametrize("told", NO_URLS)
def test_what_is_no_url_of_a_database_is_refused_without_repeating_it(
    told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARAT_JOURNAL_URL", told)
    with pytest.raises(InputError) as refused:
        open_journal()
    assert refused.value.code == "bad_journal_url"
    assert SECRET not in str(refused.value) and refused.value.__cause__ is None


def test_passwords_are_in_no_error_and_no_log(postgres: PostgresServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    url = postgres.new_database()
    right = url.set(password=SECRET)
    with closing(open_journal(url=right)) as journal:
        assert SECRET not in journal._store.shown
    for wrong in (right.set(database="nowhere"), right.set(query={"host": "/nowhere"}), right.set(username="nobody")):
        with pytest.raises(InputError) as refused:
            open_journal(url=wrong)
        assert refused.value.code == "journal_unusable"
        error: BaseException | None = refused.value
        while error is not None:
            assert SECRET not in f"{error} {error!r}"
            error = error.__cause__
    assert SECRET not in caplog.text
    told = parsed_url(f"postgresql://me:{SECRET}@db.example:5433/trades?sslmode=require")
    assert shown(told) == "PostgreSQL at db.example:5433/trades"


def test_the_setting_chooses_the_database(
    postgres: PostgresServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert journal_url() is None and not journal_is_there()
    told = postgres.new_database().render_as_string(hide_password=False)
    monkeypatch.setenv("KARAT_JOURNAL_URL", told.replace("postgresql+psycopg", "postgres"))
    assert journal_is_there()
    with closing(open_journal()) as journal:
        journal.create_bot(bot_record())
    assert not journal_path(home).exists()
    with closing(open_journal(url=parsed_url(told))) as journal:
        assert journal.bots() == (bot_record(),)
    with closing(open_journal(home)) as journal:
        assert journal.bots() == (), "a home that is named has a file of its own"
