"""Which process it was: a number and when it was born, so that a number that is used again is never taken for it.

1. On Linux the birth is the boot's id and the ticks since it, from /proc; elsewhere `ps` says it.
2. A process that has ended and that its parent has not looked at yet (a zombie) has ended.
3. A signal goes through a descriptor of the process where the system has them: opened first, then compared, so that the
   process cannot be exchanged between the look and the signal.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_STATE_FIELD, _START_FIELD = 0, 19  # of /proc/PID/stat, counted from behind the name (man 5 proc)
_ENDED = frozenset("ZX")
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Process:
    """One process that runs or ran on this machine."""

    pid: int
    born: str


def process_of(pid: int) -> Process | None:
    """The process that has this number now; None where there is none that runs."""
    born = _born_by_proc(pid) if _BOOT.exists() else _born_by_ps(pid)
    return None if born is None else Process(pid, born)


def this_process() -> Process:
    """The one that asks."""
    own = process_of(os.getpid())
    assert own is not None, "who asks runs"
    return own


def is_alive(process: Process) -> bool:
    """Whether this very process still runs."""
    return process_of(process.pid) == process


def tell(process: Process, number: signal.Signals, *, group: bool = False) -> None:
    """Send a signal to a process, if it still runs; with `group` to all of the session that it leads."""
    with _opened(process) as handle, contextlib.suppress(ProcessLookupError):
        if not is_alive(process):
            return
        if group and os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, number)
        elif handle is not None:
            signal.pidfd_send_signal(handle, number)
        else:
            os.kill(process.pid, number)


def await_end(process: Process, seconds: float) -> bool:
    """Wait until a process has ended, `seconds` at most. Returns whether it has."""
    with _opened(process) as handle:
        if not is_alive(process):
            return True
        if handle is not None:
            watch = select.poll()
            watch.register(handle, select.POLLIN)
            watch.poll(seconds * 1_000)
            return not is_alive(process)
        until = time.monotonic() + seconds
        while is_alive(process) and time.monotonic() < until:
            time.sleep(_PAUSE_SECONDS)
        return not is_alive(process)


@contextmanager
def _opened(process: Process) -> Iterator[int | None]:
    """A descriptor of the process; None where the system has none, or the process has gone."""
    try:
        handle = os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)


def _born_by_proc(pid: int) -> str | None:
    try:
        told = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = told.rpartition(")")[2].split()
    if fields[_STATE_FIELD] in _ENDED:
        return None
    return f"{_BOOT.read_text('ascii').strip()}:{fields[_START_FIELD]}"


def _born_by_ps(pid: int) -> str | None:
    told = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False,
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
    ).stdout.split(maxsplit=1)  # fmt: skip
    return None if len(told) < 2 or told[0][0] in _ENDED else told[1].strip()
