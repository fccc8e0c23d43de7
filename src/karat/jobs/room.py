"""Every job of a home, and how a job goes from state to state. Each step is one file replaced under one lock.

    waiting -> running -> finished | failed | cancelled
                       -> interrupted    its process is gone and wrote no end: seen by whoever looks, not written
    failed, cancelled, interrupted -> waiting or running again, as the next attempt of the same job

A job has one worker at a time: who claims a job whose worker is alive is refused. So of two starters that launch the
same waiting job, one child works and the other ends.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from karat.core.errors import InputError, NeedsOperator, RetryLater
from karat.jobs.files import (
    ID_DIGITS,
    JobFolder,
    Standing,
    jobs_folder,
    made,
    only_one,
    removed,
    unknown_job,
)
from karat.jobs.processes import is_alive, process_of, this_process
from karat.jobs.work import progress_of
from karat.ports.clock import Clock
from karat.ports.cockpit import Undefined
from karat.ports.jobs import OPEN_STATES, RESUMABLE_STATES, JobDetail, JobError, JobProgress, JobState, JobView

LAST = "last"
WAITING_MAX = 100
KEPT_MAX = 500  # jobs that are over; the oldest are forgotten, what they made stays
_ID = re.compile(f"[0-9a-f]{{{ID_DIGITS}}}")


class JobRoom:
    """The jobs under one home. Several processes may have one of these at a time."""

    def __init__(self, clock: Clock, home: Path | None = None) -> None:
        self.root = jobs_folder(home)
        self._clock = clock

    def folders(self) -> list[JobFolder]:
        """Every job that can be read, the newest first: a damaged one hides no other, and `folder` tells of it."""
        there: list[tuple[int, str, JobFolder]] = []
        for path in self.root.glob("*/spec.json"):
            folder = JobFolder(path.parent)
            with contextlib.suppress(InputError, NeedsOperator):  # forgotten meanwhile, or damaged
                if _ID.fullmatch(folder.id) and folder.standing():
                    there.append((folder.spec().created_ms, folder.id, folder))
        return [folder for _, _, folder in sorted(there, key=lambda one: one[:2], reverse=True)]

    def folder(self, job: str) -> JobFolder:
        """One of them, by its id or as `last`. Raises InputError `unknown_job`."""
        if job == LAST:
            newest = self.folders()
            if not newest:
                raise unknown_job(job)
            return newest[0]
        folder = JobFolder(self.root / job)
        if not _ID.fullmatch(job) or not (folder.folder / "spec.json").exists():
            raise unknown_job(job)
        return folder

    def views(self) -> tuple[JobView, ...]:
        """How each stands now, the newest first."""
        found: list[JobView] = []
        for folder in self.folders():
            with contextlib.suppress(InputError):  # forgotten meanwhile
                found.append(self.view(folder))
        return tuple(found)

    def view(self, folder: JobFolder) -> JobView:
        """How a job stands now."""
        spec, standing = folder.spec(), folder.standing()
        return JobView(
            id=spec.id, kind=spec.kind, arguments=spec.arguments, state=state_of(standing), attempt=standing.attempt,
            detached=standing.detached, created_ts=spec.created_ms, started_ts=standing.started_ms,
            ended_ts=standing.ended_ms, progress=_progress(folder, standing), exit_code=standing.exit_code,
            error=standing.error, result=standing.result,
        )  # fmt: skip

    def detail(self, folder: JobFolder) -> JobDetail:
        """A job with what it printed last."""
        return JobDetail(self.view(folder), folder.last_lines())

    def add(self, kind: str, arguments: tuple[str, ...]) -> JobFolder:
        """A new job that waits. Raises RetryLater `job_busy` where such a job is open, `too_many_jobs`, `disk_full`."""
        with only_one(self.root):
            same = self._same(kind, arguments)
            if same is not None and state_of(same.standing()) in OPEN_STATES:
                raise _busy(same)
            self._check_room()
            return self._made(kind, arguments, self._queued(1))

    def again(self, job: str) -> JobFolder:
        """Let a job that ended unfinished wait for its next attempt."""
        with only_one(self.root):
            folder = self.folder(job)
            standing = folder.standing()
            state = state_of(standing)
            if state in OPEN_STATES:
                raise _busy(folder)
            if state not in RESUMABLE_STATES:
                raise InputError("job_finished", f"Job {folder.id} is finished.", "Give its command again.")
            self._check_room()
            folder.write_standing(self._queued(standing.attempt + 1))
            folder.forget_progress()
            return folder

    def start_waiting(self, at_once: int, launch: Callable[[str], int]) -> None:
        """Launch what waits, the oldest first, while fewer than `at_once` jobs run."""
        if not any(one.standing().state is JobState.WAITING for one in self.folders()):
            return
        with only_one(self.root):
            standings = [(one, one.standing()) for one in self.folders()]
            waiting = [(one, told) for one, told in standings if told.state is JobState.WAITING]
            running = sum(state_of(told) is JobState.RUNNING for _, told in standings)
            for folder, told in sorted(waiting, key=lambda pair: pair[1].queued_ms)[: max(0, at_once - running)]:
                worker = process_of(launch(folder.id))
                begun = replace(told, state=JobState.RUNNING, detached=True, started_ms=self._clock.now_ms())
                folder.write_standing(replace(begun, worker=worker))

    def claimed(self, job: str) -> JobFolder:
        """This process works on a job that was launched for it. Raises RetryLater `job_busy`."""
        with only_one(self.root):
            folder = self.folder(job)
            standing, own = folder.standing(), this_process()
            if standing.state is JobState.RUNNING and standing.worker == own:
                return folder
            if standing.state is not JobState.WAITING and state_of(standing) is not JobState.INTERRUPTED:
                raise _busy(folder)
            begun = replace(standing, state=JobState.RUNNING, detached=True, started_ms=self._clock.now_ms())
            folder.write_standing(replace(begun, worker=own))
            return folder

    def own(self, kind: str, arguments: tuple[str, ...]) -> JobFolder:
        """This process works on these arguments now, waiting for nobody: as the next attempt of such a job that is not
        finished, else as a new one. Raises RetryLater `job_busy` where another process does that already, `disk_full`.
        """
        with only_one(self.root):
            now_ms, own = self._clock.now_ms(), this_process()
            begun = Standing(state=JobState.RUNNING, attempt=1, queued_ms=now_ms, started_ms=now_ms, worker=own)
            same = self._same(kind, arguments)
            if same is None:
                return self._made(kind, arguments, begun)
            before = same.standing()
            state = state_of(before)
            if state is JobState.RUNNING:
                raise _busy(same)
            if state is JobState.FINISHED:
                return self._made(kind, arguments, begun)
            more = 0 if state is JobState.WAITING else 1
            same.write_standing(replace(begun, attempt=before.attempt + more))
            same.forget_progress()
            return same

    def end(
        self, folder: JobFolder, state: JobState, exit_code: int, error: JobError | None = None,
        result: str | None = None,
    ) -> None:  # fmt: skip
        """Write how the work of this process ended; nothing where the job is another's by now."""
        with only_one(self.root):
            standing = folder.standing()
            if standing.state is not JobState.RUNNING or standing.worker != this_process():
                return
            if standing.cancel_asked and state is JobState.INTERRUPTED:
                state = JobState.CANCELLED
            told = replace(standing, state=state, ended_ms=self._clock.now_ms(), exit_code=exit_code)
            folder.write_standing(replace(told, error=error, result=result))

    def ask_cancel(self, job: str) -> tuple[JobFolder, Standing]:
        """Cancel a job that waits, or note that the end of one that runs was asked for; where it is then."""
        with only_one(self.root):
            folder = self.folder(job)
            standing = folder.standing()
            state = state_of(standing)
            if state not in OPEN_STATES:
                raise InputError("job_over", f"Job {folder.id} does not run: it is {state}.", "See karat jobs.")
            if state is JobState.WAITING:
                told = replace(standing, state=JobState.CANCELLED, ended_ms=self._clock.now_ms())
            else:
                told = replace(standing, cancel_asked=True)
            folder.write_standing(told)
            return folder, told

    def settle(self, folder: JobFolder) -> None:
        """Write the end of a job whose process is gone and wrote none."""
        with only_one(self.root):
            standing = folder.standing()
            state = state_of(standing)
            if state is not standing.state:
                folder.write_standing(replace(standing, state=state, ended_ms=self._clock.now_ms()))

    def _same(self, kind: str, arguments: tuple[str, ...]) -> JobFolder | None:
        """The newest job of this kind with these arguments."""
        return next(
            (one for one in self.folders() if (one.spec().kind, one.spec().arguments) == (kind, arguments)), None
        )

    def _made(self, kind: str, arguments: tuple[str, ...], standing: Standing) -> JobFolder:
        over = [one for one in self.folders() if state_of(one.standing()) not in OPEN_STATES]
        for one in over[KEPT_MAX:]:
            removed(one)
        return made(self.root, kind, arguments, standing)

    def _queued(self, attempt: int) -> Standing:
        return Standing(state=JobState.WAITING, attempt=attempt, queued_ms=self._clock.now_ms())

    def _check_room(self) -> None:
        if _waiting(self.folders()) >= WAITING_MAX:
            raise RetryLater("too_many_jobs", f"{WAITING_MAX} jobs wait already.", "Cancel some, or let them end.")


def state_of(standing: Standing) -> JobState:
    """Where a job is, told from what was written last and from whether its process is alive."""
    if standing.state is not JobState.RUNNING:
        return standing.state
    if standing.worker is not None and is_alive(standing.worker):
        return JobState.RUNNING
    return JobState.CANCELLED if standing.cancel_asked else JobState.INTERRUPTED


def _progress(folder: JobFolder, standing: Standing) -> JobProgress:
    """What was told last; of a job that does not run without a rate, which is none any more."""
    told, state = progress_of(folder.progress()), state_of(standing)
    if state is JobState.RUNNING:
        return told
    none = Undefined(f"it is {state}")
    return replace(told, rate=none, left_seconds=none)


def _waiting(folders: Iterable[JobFolder]) -> int:
    return sum(one.standing().state is JobState.WAITING for one in folders)


def _busy(folder: JobFolder) -> RetryLater:
    message = f"Job {folder.id} does exactly this and is not over."
    return RetryLater(
        "job_busy", message, f"See karat jobs show {folder.id}, or end it: karat jobs cancel {folder.id}."
    )
