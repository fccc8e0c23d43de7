"""A worker process: bare when it starts, and gone with its parent however that ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.bots.workers.ground import Ground

from karat.core.errors import NeedsOperator

_PARENT = """
import sys, threading
from pathlib import Path
from tests.unit.bots.fleet import MARKET
from tests.unit.bots.workers.ground import Ground
from karat.bots.history import History
from karat.bots.workers.settings import WorkerSettings
from karat.bots.workers.voices import Voices

spins = (
    "from numba import njit\\n\\n@njit\\ndef spin(n, x):\\n"
    "    s = 0.0\\n    for i in range(n):\\n        s += x[i % 3] * s\\n    return s\\n"
)
ground = Ground(Path(sys.argv[1]), Voices(WorkerSettings()), History(MARKET, 3_600_000, has_funding=True))
ground.begin(300)
strategy = ground.strategy(
    "spins",
    "import os, pathlib\\nspin(1, market.close)\\n"
    "pathlib.Path(__file__).with_suffix('.pid').write_text(str(os.getpid()))\\n"
    "spin(10**18, market.close)\\nreturn signals(len(market))",
    head=spins,
)
ground.voice(strategy).say()
"""


def test_it_gets_no_secret_no_socket_and_no_open_file(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENUE_API_SECRET", "not for you")
    secret = (ground.folder / "open").open("w")
    os.set_inheritable(secret.fileno(), True)
    body = (
        "import os\nopen_now = ['/proc/self/fd/' + one for one in os.listdir('/proc/self/fd')]\n"
        "files = [os.readlink(one) for one in open_now if os.path.exists(one)]\n"
        "raise ValueError(os.getcwd(), files, sorted(os.environ))"
    )
    with pytest.raises(NeedsOperator) as told:
        ground.voice(ground.strategy("looks", body)).say()
    secret.close()
    said = told.value.message
    assert "VENUE_API_SECRET" not in said and "KARAT_HOME" not in said and "KARAT_KERNEL_CACHE" in said
    assert str(ground.folder / "open") not in said and "'/'" in said and said.count("socket:") == 1


def test_what_it_prints_is_bounded_and_blocks_nobody(ground: Ground) -> None:
    body = "import os\nprint('x' * 5_000_000)\nprint('the end')\nos._exit(1)"
    with pytest.raises(NeedsOperator) as told:
        ground.voice(ground.strategy("prints", body)).say()
    assert told.value.message.endswith(["xxx the end).", " it, then check it."][0])
    assert len(told.value.message) < 600


def test_what_it_starts_ends_with_it(ground: Ground) -> None:
    note = ground.folder / "pid"
    body = (
        f"import subprocess, pathlib\nchild = subprocess.Popen(['sleep', '600'])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\n1 / 0"
    )
    with pytest.raises(NeedsOperator):
        ground.voice(ground.strategy("spawns", body)).say()
    assert gone(int(note.read_text()))


def test_it_is_gone_when_its_parent_is_killed_even_from_a_loop_that_lets_no_thread_run(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, str(tmp_path)])
    note = tmp_path / "spins.pid"
    until = time.monotonic() + 60.0
    while not (note.is_file() and note.read_text()) and parent.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    worker = int(note.read_text())
    assert not gone(worker, seconds=0.0)
    maps = [line.split(maxsplit=5) for line in Path(f"/proc/{worker}/maps").read_text().splitlines()]
    columns = [one for one in maps if "karat-columns" in one[-1]]
    assert {one[1] for one in columns} == {"r--s"}
    assert {one[-1] for one in columns} == {"/memfd:karat-columns (deleted)"}  # without a name nothing is left behind
    parent.kill()
    parent.wait()
    assert gone(worker)


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Whether process `pid` ends within `seconds`; one that waits to be reaped by this machine's init has ended."""
    until = time.monotonic() + seconds
    while True:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        if time.monotonic() >= until:
            return False
        time.sleep(0.005)
