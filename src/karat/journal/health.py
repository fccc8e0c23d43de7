"""Whether a journal can be read whole and written, without changing anything in it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from karat.journal.place import journal_path, journal_url
from karat.journal.stores import postgres_store, sqlite_store
from karat.journal.tables import HEAD

_TOUCH = f"UPDATE {HEAD.name} SET until_ms = until_ms"  # the one row: whoever may write it may write all


def journal_faults(home: Path | None = None, url: URL | None = None) -> tuple[str, ...]:
    """What is wrong with the journal that is there, in words; empty where nothing is. A file is read whole and checked
    for damage; of a server it is only seen that it answers. A write is begun and taken back.

    Raises InputError `bad_journal_url`, `postgres_missing`.
    """
    url = journal_url() if url is None and home is None else url
    store = sqlite_store(journal_path(home)) if url is None else postgres_store(url)
    words: list[str] = []
    try:
        with store.engine.connect() as connection:
            if store.kind == "sqlite":
                said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check(3)")]
                words += [] if said == ["ok"] else [f"it is damaged: {'; '.join(said)}"]
            connection.exec_driver_sql(store.begin)
            try:
                connection.exec_driver_sql(_TOUCH)
            finally:
                connection.exec_driver_sql("ROLLBACK")
    except (SQLAlchemyError, store.driver.Error) as error:
        words.append(f"it cannot be read and written: {type(error).__name__}: {getattr(error, 'orig', error)}")
    finally:
        store.engine.dispose()
    return tuple(words)
