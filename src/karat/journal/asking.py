"""Asking a store: statements compiled once, a connection of the pool for each question, errors as Karat's."""

from __future__ import annotations

from typing import Any

from karat.core.ids import BotId
from karat.journal.codec import Row
from karat.journal.statements import Executable, compiled
from karat.journal.stores import Store
from karat.journal.troubles import busy, is_passing


class Asking:
    """Questions to one store, from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kind = store.kind
        self._numbers: dict[BotId, int] = {}

    def _ask(self, question: Executable, **values: Any) -> list[Row]:
        """All rows. Raises RetryLater `journal_busy`."""
        asked = compiled(self._kind, question)
        try:
            connection = self._store.engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute(asked.text, asked.values(**values))
                rows = cursor.fetchall()
                cursor.close()
            finally:
                connection.close()
        except Exception as error:
            if not is_passing(error, self._store.driver):
                raise
            raise busy(self._store.shown, error) from error
        return rows
