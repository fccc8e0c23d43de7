"""Jobs of a home as tests meet them: the desk, the real children, and waiting for what is written."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.chaos.sweeping import MARKET, SECONDS_MAX

from karat.app.job_launcher import ChildLauncher
from karat.bots.system_clock import SystemClock
from karat.control.job_desk import JobControl
from karat.jobs.processes import await_end
from karat.jobs.room import JobRoom

SMALL = ("buy_and_hold", "--market", MARKET, "--timeframe", "1h", "--json")


def large(stops: int = 300) -> tuple[str, ...]:
    """A sweep of `stops` times 400 variants, of several parts."""
    grids = (f"stop_value=0.0005..{0.0005 * stops:.4f}..0.0005", "take_value=0.0005..0.2..0.0005")
    fixed = ("stop_mode=fraction", "take_mode=fraction")
    return (
        "buy_and_hold", "--market", MARKET, "--timeframe", "1h", "--json", "--top", "3", "--policy", *fixed,
        "--policy-grid", *grids,
    )  # fmt: skip


def desk_of(home: Path, at_once: int = 1) -> tuple[JobControl, JobRoom]:
    """The desk of a home, with children that are real. It is patient: idle children of a busy machine end slowly."""
    room = JobRoom(SystemClock(), home)
    return JobControl(room, ChildLauncher(room), at_once, SECONDS_MAX), room


def eventually(question: Callable[[], Any]) -> Any:
    """The first answer that is something."""
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        answer = question()
        if answer:
            return answer
    raise AssertionError("it never came")


def ended(room: JobRoom, job: str) -> None:
    """Wait until the process that works on a job now has ended."""
    worker = room.folder(job).standing().worker
    assert worker is None or await_end(worker, SECONDS_MAX), "it never ended"


def kept(home: Path) -> dict[str, bytes]:
    """Every file of every sweep."""
    sweeps = home / "sweeps"
    return {str(one.relative_to(sweeps)): one.read_bytes() for one in sweeps.rglob("*") if one.is_file()}
