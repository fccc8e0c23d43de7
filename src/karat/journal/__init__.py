"""Everything that happened, in one SQLite file: see `store.open_journal`."""

from karat.journal.store import journal_path, open_journal

__all__ = ["journal_path", "open_journal"]
