"""Work as it is, told to files while it is done: which processes are busy, and how often each chunk was begun."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

from karat.ports.executor import Crew, Executor, Prepare


def prepare(told: tuple[Prepare, Any, Path]) -> Callable[[Any], Any]:
    """Runs in a worker."""
    inner, shared, folder = told
    run, busy = inner(shared), folder / f"{os.getpid()}.busy"

    def chunk(one: Any) -> Any:
        (folder / f"{one.variants[0]}-{one.many}-{uuid4()}.begun").touch()
        busy.touch()
        result = run(one)
        busy.unlink()
        return result

    return chunk


class BusyWorkers:
    """An executor whose workers tell `folder` what they do."""

    def __init__(self, executor: Executor, folder: Path) -> None:
        self._executor = executor
        self._folder = folder
        self.name = executor.name

    def crew(self, work: Prepare, shared: Any) -> AbstractContextManager[Crew]:
        return self._executor.crew(prepare, (work, shared, self._folder))

    def pids(self) -> list[int]:
        """Processes that are in the middle of a chunk."""
        return [int(one.stem) for one in self._folder.glob("*.busy")]

    def begun(self) -> Counter[str]:
        """How often each chunk was begun."""
        return Counter(one.name.rpartition("-")[0].split("-")[0] for one in self._folder.glob("*-False-*.begun"))
