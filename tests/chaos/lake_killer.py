"""Change a lake again and again, killed at every step that touches the disk. Run as a program by test_lake_killed.

For k = 1, 2, ...: take a fresh copy of a lake, change it in a child process that is killed with SIGKILL just before
its k-th such step, and tell what a reader then sees; change it once more, unharmed, and tell again. It ends with the
first k the change does not reach. A step is any opening for writing, rename, link, removal or new folder below the
lake, and any fsync. As when the machine itself dies, of all that was written to files since they were last forced to
the disk, the second half is lost.

Arguments: lake home to begin with; then a folder to import, or `append` to add rows to tables and candles. One JSON
object a line: {"k", "killed", "seen", "after"}.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

import karat.ingest.importer  # noqa: F401  (imported before forking, so that a child only imports data)
from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.core.model.table import Schema, Table, TableName
from karat.ingest.accept import accepted_defects
from karat.ingest.importer import ImportOptions, import_paths
from karat.lake.blocks import BLOCK_ROWS
from karat.lake.store import open_lake
from karat.ports.lake import Quality

_STEPS = ("os.rename", "os.link", "os.remove", "os.rmdir", "os.mkdir")
_NEWS, _DEPTH = TableName("news", "source:BTC"), TableName("book", "venue:BTC", "top1")
_NEWS_SCHEMA = Schema((("ts", "i8"), ("title", "text")))
_DEPTH_SCHEMA = Schema((("ts", "i8"), ("bid", "f8")))


class Killer:
    """Counts the steps of this process and ends it before the k-th."""

    def __init__(self, home: Path, k: int) -> None:
        self.home = str(home)
        self.left = k
        self.fsync = os.fsync
        self.forced: dict[str, int] = {}  # how long files were when they were last forced to the disk

    def arm(self) -> None:
        sys.addaudithook(self.hear)
        os.fsync = self.force

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or event in _STEPS) and self.is_ours(arguments[0]):
            self.step()
            if writes:
                self.remember(os.fsdecode(arguments[0]), arguments[2])  # type: ignore[arg-type]
            if event == "os.rename" and str(arguments[0]) in self.forced:
                self.forced[str(arguments[1])] = self.forced.pop(str(arguments[0]))

    def is_ours(self, path: object) -> bool:
        return isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path).startswith(self.home)

    def remember(self, path: str, flags: int) -> None:
        empty = flags & os.O_TRUNC or not Path(path).exists()
        self.forced.setdefault(path, 0 if empty else Path(path).stat().st_size)

    def force(self, descriptor: int) -> None:
        self.step()
        self.fsync(descriptor)
        self.forced.pop(self.path_of(descriptor), None)

    def path_of(self, descriptor: int) -> str:
        """Which of the files written to this is, if any."""
        state = os.fstat(descriptor)
        return next((path for path in self.forced if os.path.samestat(Path(path).stat(), state)), "")

    def step(self) -> None:
        self.left -= 1
        if self.left > 0:
            return
        for path, forced in self.forced.items():
            with suppress(FileNotFoundError):  # removed by its name alone, from within its folder
                os.truncate(path, forced + (Path(path).stat().st_size - forced) // 2)
        os.kill(os.getpid(), signal.SIGKILL)


def begin_tables(home: Path) -> None:
    """A lake with tables and candles that `append` then adds to: the last block of the book is almost full."""
    _change(home, 0, BLOCK_ROWS - 10)


def append(home: Path) -> None:
    """Add rows: the book fills a block, the news take another text, the candles come whole."""
    _change(home, BLOCK_ROWS - 10, BLOCK_ROWS + 10)


def _change(home: Path, begin: int, end: int) -> None:
    ts = np.arange(begin, end) * 60_000
    titles = np.array([f"Füße {row}" for row in range(begin // 2000, end // 2000 + 1)], object)
    whole = np.arange(end // 1000) * 60_000
    with open_lake(home).change() as change:
        if len(change.table(_DEPTH) or ()) < end:
            change.append(_DEPTH, Table(_DEPTH_SCHEMA, {"ts": ts, "bid": ts / 7}))
            change.append(_NEWS, Table(_NEWS_SCHEMA, {"ts": np.arange(len(titles)) + begin, "title": titles}))
        prices = dict.fromkeys(("open", "high", "low", "close", "volume"), whole / 3.0)
        change.put_candles(Candles(MarketId("venue:BTC"), 60_000, ts=whole, **prices), Quality())
        if begin:
            change.put_candles(Candles(MarketId("venue:ETH"), 60_000, ts=whole, **prices), Quality())


def import_from(source: Path) -> Callable[[Path], None]:
    """Import a folder."""

    def work(home: Path) -> None:
        import_paths(open_lake(home), [source], ImportOptions(accepted=accepted_defects(["holes"])))

    return work


def in_child(home: Path, work: Callable[[Path], None], k: int | None) -> bool:
    """Work in a child process, killed before step k (None: never). Returns whether it was killed."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if k is not None:
                Killer(home, k).arm()
            work(home)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "a change that was not killed must succeed"
    return False


def seen(home: Path) -> dict[str, str]:
    """Every series as a reader gets it: its name, rows and a hash of the very columns."""
    lake = open_lake(home)
    told = {}
    for entry in lake.list():
        candles = lake.candles(entry.market, entry.timeframe_ms)
        digest = hashlib.sha256(b"".join(getattr(candles, name).tobytes() for name in ("ts", "close", "volume")))
        told[f"{entry.market} {entry.timeframe_ms}"] = f"{entry.rows} {entry.vault_start_ts} {digest.hexdigest()}"
    for table in lake.tables():
        rows = lake.table(table.name)
        content = b"".join(column.tobytes() for name, column in rows.columns.items() if name != "title")
        titles = "|".join(rows.columns.get("title", ()))
        told[str(table.name)] = f"{table.rows} {table.hash} {hashlib.sha256(content + titles.encode()).hexdigest()}"
    return told


def main(begin: Path, work: Callable[[Path], None]) -> None:
    """Kill at every step in turn."""
    k, killed = 0, True
    while killed:
        k += 1
        home = begin.with_name(f"{begin.name}-{k}")
        shutil.copytree(begin, home)
        killed = in_child(home, work, k)
        told = seen(home)
        in_child(home, work, None)
        print(json.dumps({"k": k, "killed": killed, "seen": told, "after": seen(home)}))
        shutil.rmtree(home)


if __name__ == "__main__":
    main(Path(sys.argv[1]), append if sys.argv[2] == "append" else import_from(Path(sys.argv[2])))
