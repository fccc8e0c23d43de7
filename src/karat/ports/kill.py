"""Where the kill switch can be pulled from outside of the process: a file, a key on a server."""

from __future__ import annotations

from typing import Protocol


class KillSource(Protocol):
    """A flag that anybody may raise. It is looked at each second."""

    @property
    def name(self) -> str:
        """What people call it: "file", "redis"."""
        ...

    @property
    def is_near(self) -> bool:
        """Whether a look takes microseconds and waits for nobody: then each decision is preceded by one as well."""
        ...

    def look(self) -> str | None:
        """Why it was pulled there, "" where nobody said why; None where it was not. Raises RetryLater `kill_unknown`
        where that cannot be found out."""
        ...

    def raise_flag(self, reason: str) -> None:
        """Pull it there. Raises RetryLater `kill_unknown`."""
        ...

    def clear(self) -> None:
        """Take the flag away, if there is one. Raises RetryLater `kill_unknown`."""
        ...
