"""Import files again and again, killed at every step that touches the disk. Run as a program by test_lake_killed.

For k = 1, 2, ...: take a fresh copy of a lake, import in a child process that is killed with SIGKILL just before its
k-th such step, and tell what a reader then sees; import once more, unharmed, and tell again. It ends with the first k
the import does not reach. A step is any opening for writing, rename, removal or new folder below the lake, and any
fsync; a file about to be forced to the disk loses its second half first, as it may when the machine itself dies.

Arguments: lake home to begin with, folder to import. One JSON object a line: {"k", "killed", "seen", "after"}.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import stat
import sys
from pathlib import Path

import karat.ingest.importer  # noqa: F401  (imported before forking, so that a child only imports data)
from karat.ingest.accept import accepted_defects
from karat.ingest.importer import ImportOptions, import_paths
from karat.lake.store import open_lake

_STEPS = ("os.rename", "os.remove", "os.rmdir", "os.mkdir")


class Killer:
    """Counts the steps of this process and ends it before the k-th."""

    def __init__(self, home: Path, k: int) -> None:
        self.home = str(home)
        self.left = k
        self.fsync = os.fsync

    def arm(self) -> None:
        sys.addaudithook(self.hear)
        os.fsync = self.force

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or event in _STEPS) and self.is_ours(arguments[0]):
            self.step()

    def is_ours(self, path: object) -> bool:
        return isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path).startswith(self.home)

    def force(self, descriptor: int) -> None:
        self.step(descriptor)
        self.fsync(descriptor)

    def step(self, descriptor: int | None = None) -> None:
        self.left -= 1
        if self.left > 0:
            return
        if descriptor is not None and stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)


def import_in_child(home: Path, source: Path, k: int | None) -> bool:
    """Import in a child process, killed before step k (None: never). Returns whether it was killed."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if k is not None:
                Killer(home, k).arm()
            import_paths(open_lake(home), [source], ImportOptions(accepted=accepted_defects(["holes"])))
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "an import that was not killed must succeed"
    return False


def seen(home: Path) -> dict[str, str]:
    """Every series as a reader gets it: its name, rows and a hash of the very columns."""
    lake = open_lake(home)
    told = {}
    for entry in lake.list():
        candles = lake.candles(entry.market, entry.timeframe_ms)
        digest = hashlib.sha256(b"".join(getattr(candles, name).tobytes() for name in ("ts", "close", "volume")))
        told[f"{entry.market} {entry.timeframe_ms}"] = f"{entry.rows} {entry.vault_start_ts} {digest.hexdigest()}"
    return told


def main(begin: Path, source: Path) -> None:
    """Kill at every step in turn."""
    k, killed = 0, True
    while killed:
        k += 1
        home = begin.with_name(f"{begin.name}-{k}")
        shutil.copytree(begin, home)
        killed = import_in_child(home, source, k)
        told = seen(home)
        import_in_child(home, source, None)
        print(json.dumps({"k": k, "killed": killed, "seen": told, "after": seen(home)}))
        shutil.rmtree(home)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
