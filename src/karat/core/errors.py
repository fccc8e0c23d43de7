"""What can go wrong, sorted by what the caller should do.

    KaratError
    |-- InputError        the user must change something: one line, a hint, exit code 2, nothing changed
    |   `-- DataRefused   a file is not what it claims to be: names file, line and reason
    |-- RetryLater        the same call may succeed later: a lock, a full disk, a busy port
    `-- NeedsOperator     going on would be unsafe: a person has to look first

Programmer errors are not here: they are assertions and crash.
"""

from __future__ import annotations

EXIT_INPUT = 2


class KaratError(Exception):
    """Base of every expected failure. `code` is stable and for machines, `hint` says what to do."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InputError(KaratError):
    """The request cannot be met as it stands; nothing was changed."""


class DataRefused(InputError):
    """A data file was refused. `line` counts from 1 with the header as line 1; 0 means the whole file."""

    def __init__(self, code: str, path: str, line: int, reason: str, hint: str = "") -> None:
        where = f"{path}:{line}" if line else path
        super().__init__(code, f"{where}: {reason}", hint)
        self.path = path
        self.line = line
        self.reason = reason


class RetryLater(KaratError):
    """Something outside is busy; the same call may succeed later."""


class NeedsOperator(KaratError):
    """Going on could lose money or data; a person has to decide."""
