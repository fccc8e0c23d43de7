"""What the supervisor hands the events of a stream to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from karat.ports.stream import Event


class Handler(Protocol):
    """One kind of stream. It lives longer than a connection."""

    def take(self, events: Sequence[Event]) -> None:
        """Take what came; an empty batch says that the subscription stands. Never waits, so that nothing is lost."""
        ...

    async def work(self) -> None:
        """Whatever asks the venue while a connection lasts: cancelled with it. Never returns by itself."""
        ...

    def lost(self) -> None:
        """The connection is gone."""
        ...
