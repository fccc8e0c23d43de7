"""Hands beyond this process: chunks of work that share one large thing, done anywhere, in any order.

Whoever has work names a function of a module (`Prepare`) that makes, of what is shared, what does a chunk. It runs once
in each worker process; what is shared travels once, and its arrays are read where they lie, read-only.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

Prepare = Callable[[Any], Callable[[Any], Any]]
"""A function of a module, so that another process finds it by its name."""


class Crew(Protocol):
    """Workers that know what they share."""

    @property
    def slots(self) -> int:
        """How many chunks are worked on at the same time, at least 1."""
        ...

    def results(self, chunks: Iterable[Any]) -> Generator[tuple[int, Any]]:
        """(place among the chunks, what came of it), in the order in which they are done. Few are asked for ahead.

        A chunk whose worker was lost is done again elsewhere, a bounded number of times. Closing the generator takes
        back what was not begun. Raises what a chunk raises as KaratError; RetryLater `cluster_lost` when no worker is
        left, NeedsOperator `chunk_kills_workers`.
        """
        ...


class Executor(Protocol):
    """One place with workers."""

    @property
    def name(self) -> str:
        """How people call it; holds no secret."""
        ...

    def crew(self, prepare: Prepare, shared: Any) -> AbstractContextManager[Crew]:
        """Tell the workers what they share, until the context ends. Raises RetryLater `cluster_lost`."""
        ...
