"""Damage to a series on this disk: how it is told from what only looks like it.

Rows are damaged when a file of theirs is gone, too short, or holds what cannot have been written. That this process
lacks memory, file handles or rights says nothing about them.
"""

from __future__ import annotations

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from karat.core.errors import NeedsOperator
from karat.core.model.table import TableName
from karat.lake.names import words
from karat.ports.lake import Quarantined

_DAMAGE = (errno.ENOENT, errno.EIO, errno.EISDIR, errno.ENOTDIR, errno.ELOOP)


class DamagedError(NeedsOperator):
    """Files of a series do not hold what was written. `why` says so in words that need no path."""

    def __init__(self, why: str) -> None:
        super().__init__("lake_damaged", f"A series is damaged: {why}.", "Look at karat data list.")
        self.why = why


@contextmanager
def reading() -> Generator[None]:
    """What goes wrong in the block, where rows are read that must be there, as DamagedError."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DAMAGE:
            raise
        name = Path(str(error.filename)).name if error.filename else "a file"
        raise DamagedError(f"{name} {'is missing' if error.errno == errno.ENOENT else 'cannot be read'}") from error
    except UnicodeDecodeError as error:
        raise DamagedError("its text is no text") from error


def not_set_aside(name: TableName, why: str) -> NeedsOperator:
    """What to say of damage that was met where the series could not be moved."""
    message = f"{words(name)} is damaged: {why}; all else is served."
    hint = "It goes into quarantine when the lake can be changed: karat data check."
    return NeedsOperator("lake_damaged", message, hint)


def in_quarantine(found: Quarantined) -> NeedsOperator:
    """What to say of a series that was asked for and is in quarantine."""
    message = f"{words(found.name)} is in quarantine: {found.why}; all else is served."
    hint = (
        f"Keep what can be proven: karat data repair {found.name.owner}. Or bring it anew: karat data download, "
        "pull, or import --replace."
    )
    return NeedsOperator("series_quarantined", message, hint)
