"""Several processes change one lake at once, and others read it meanwhile: nothing is lost, nothing is half there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.unit.lake.rows import TRADES, appended, equal, trades

from karat.core.errors import RetryLater
from karat.core.model.table import Schema, Table, TableName
from karat.lake.store import open_lake

SHARED = TableName("ticks", "source:shared")
SCHEMA = Schema((("ts", "i8"), ("writer", "u1"), ("text", "text")))
CHANGES = 40
WAIT_SECONDS = 60.0  # far more than all changes together take


def in_process(work: Callable[[], None]) -> int:
    """Start work in a process of its own. Returns its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def succeeded(child: int) -> bool:
    return os.waitpid(child, 0)[1] == 0


def is_running(child: int) -> bool:
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def own(writer: int) -> TableName:
    return TableName("ticks", "source:own", str(writer))


def write(home: Path, writer: int) -> None:
    """One row to the shared table and one to its own, each in a change of its own."""
    for number in range(CHANGES):
        for name in (SHARED, own(writer)):
            with open_lake(home).change(WAIT_SECONDS) as change:
                seen = len(change.table(name) or ())
                row = {"ts": np.array([seen]), "writer": np.array([writer], np.uint8)}
                text = np.array([f"ä{writer}:{number}"], object)
                change.append(name, Table(SCHEMA, {**row, "text": text}))


def test_three_writers_lose_no_row(tmp_path: Path) -> None:
    writers = [in_process(lambda writer=writer: write(tmp_path, writer)) for writer in range(3)]
    assert [succeeded(writer) for writer in writers] == [True] * 3
    lake = open_lake(tmp_path)
    shared = lake.table(SHARED)
    assert shared.ts.tolist() == list(range(3 * CHANGES))
    for writer in range(3):
        expected = [f"ä{writer}:{number}" for number in range(CHANGES)]
        assert lake.table(own(writer)).columns["text"].tolist() == expected
        of_writer = shared.columns["text"][shared.columns["writer"] == writer]
        assert of_writer.tolist() == expected, "each writer's rows are there, in its order"


def test_a_reader_sees_whole_changes_while_rows_are_added(tmp_path: Path) -> None:
    whole, piece = trades(400), 10

    def work() -> None:
        appended(open_lake(tmp_path), *(whole[begin : begin + piece] for begin in range(0, len(whole), piece)))

    appended(open_lake(tmp_path), trades(1), name=SHARED)
    writer = in_process(work)
    lake, counts = open_lake(tmp_path), {0}
    while is_running(writer):
        if any(entry.name == TRADES for entry in lake.tables()):
            seen = lake.table(TRADES)
            assert len(seen) % piece == 0
            assert len(seen) >= max(counts), "what was seen stays"
            assert equal(seen, whole[: len(seen)])
            counts.add(len(seen))
    assert succeeded(writer)
    assert len(counts) > 1
    assert equal(lake.table(TRADES), whole)


def test_a_writer_killed_while_it_holds_the_lock_keeps_nobody_waiting(tmp_path: Path) -> None:
    lake = appended(open_lake(tmp_path), trades(10))
    told, tell = os.pipe()

    def work() -> None:
        with open_lake(tmp_path).change() as change:
            change.append(TRADES, trades(5, first=10))
            os.write(tell, b"x")
            signal.pause()

    writer = in_process(work)
    os.read(told, 1)
    with pytest.raises(RetryLater) as caught, lake.change(wait_seconds=0.01):
        pass
    assert caught.value.code == "lake_busy"
    os.kill(writer, signal.SIGKILL)
    assert not succeeded(writer)
    appended(lake, trades(7, first=10))
    assert equal(lake.table(TRADES), trades(17))
