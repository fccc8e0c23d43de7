"""Carrying the log over in pauses: what hinders it is said by the commit that has to do it, and by nobody else."""

from __future__ import annotations

from pathlib import Path

from karat.journal.checkpoints import COMMITS_LEAST, Checkpoints
from karat.journal.stores import sqlite_store


def test_a_disk_that_does_not_take_it_raises_nothing_beside_the_desk(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"no database at all, whatever it was" * 100)
    store = sqlite_store(path)
    checkpoints = Checkpoints(store)
    for _ in range(COMMITS_LEAST):
        checkpoints.committed()
    checkpoints.close()  # pytest fails a test in whose threads an error is raised
    store.engine.dispose()
