"""Long work as jobs: how each stands, and the commands over them. Command line and API ask the same desk.

Times are UTC ms. `Undefined` stands where there is no figure yet and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from karat.ports.cockpit import Undefined


class JobState(StrEnum):
    """Where a job is. `interrupted`: its process is gone and nobody asked for that."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


OPEN_STATES = frozenset({JobState.WAITING, JobState.RUNNING})
RESUMABLE_STATES = frozenset({JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED})


@dataclass(frozen=True, slots=True)
class JobProgress:
    """`done` of `of` `unit`s, in a stage ("" where there is but one), as of `written_ts`, None before it was told
    anything. `rate` is per second, over the last while; `left_seconds` follows from it."""

    done: int
    of: int | Undefined
    unit: str
    stage: str
    rate: float | Undefined
    left_seconds: float | Undefined
    written_ts: int | None


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed, as its command would have said it."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class JobView:
    """One job. `attempt` counts from 1 and goes up with each resumption; `detached` tells a low-priority child from a
    command in somebody's terminal; `result` names what came of it, for a sweep its id."""

    id: str
    kind: str
    arguments: tuple[str, ...]
    state: JobState
    attempt: int
    detached: bool
    created_ts: int
    started_ts: int | None
    ended_ts: int | None
    progress: JobProgress
    exit_code: int | None
    error: JobError | None
    result: str | None


@dataclass(frozen=True, slots=True)
class JobDetail:
    """One job opened: the last lines that it printed."""

    job: JobView
    output: tuple[str, ...]


class JobLauncher(Protocol):
    """Starts the process of a job. Adapters are built by `app` alone."""

    def check(self, kind: str, arguments: Sequence[str]) -> None:
        """Raises InputError when the command would not understand the arguments."""
        ...

    def launch(self, job: str) -> int:
        """Start a low-priority child that works on a job, and return its process id. Raises RetryLater."""
        ...


class JobDesk(Protocol):
    """Every job of a home, and what may be done with them."""

    def jobs(self) -> tuple[JobView, ...]:
        """Every job, the newest first."""
        ...

    def job(self, job: str) -> JobDetail:
        """One of them. Raises InputError `unknown_job`."""
        ...

    def start(self, kind: str, arguments: Sequence[str]) -> JobView:
        """A new job, started or waiting. Raises InputError `bad_job`, RetryLater `job_busy`, `too_many_jobs`,
        `disk_full`."""
        ...

    def cancel(self, job: str) -> JobView:
        """End a job; its work is kept. Raises InputError `unknown_job`, `job_over`, NeedsOperator `job_hangs`."""
        ...

    def resume(self, job: str) -> JobView:
        """Go on with a job that ended before it was finished. Raises InputError `unknown_job`, `job_finished`,
        RetryLater `job_busy`, `too_many_jobs`, `disk_full`."""
        ...

    def start_waiting(self) -> None:
        """Start what waits, as far as there is room."""
        ...
