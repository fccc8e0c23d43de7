"""Everything that happened, in one file or one database: see `store.open_journal`."""

from karat.journal.place import journal_is_there, journal_path
from karat.journal.store import open_journal, open_memory_journal

__all__ = ["journal_is_there", "journal_path", "open_journal", "open_memory_journal"]
