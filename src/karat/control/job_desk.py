"""The commands over jobs, the same for command line and API.

Cancelling asks first (SIGTERM: the work ends after what is in hand), waits, then kills. What was done is kept by the
work itself, so a cancelled job can be resumed.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence

from karat.core.errors import InputError, NeedsOperator
from karat.jobs.processes import await_end, tell
from karat.jobs.room import JobRoom
from karat.ports.jobs import JobDetail, JobLauncher, JobView

KINDS = ("sweep", "prove", "calibrate")
FILES = ("--report", "--table", "--out")  # a job keeps what it finds; a door is no way to write files elsewhere
ARGUMENTS_MAX = 500
ARGUMENT_CHARACTERS_MAX = 10_000
PATIENCE_SECONDS = 10.0  # between asking and killing
LOOK_SECONDS = 0.2  # at a job that waits for others
KILL_SECONDS = 10.0  # a killed process that is still there waits inside the system, for a disk


class JobControl:
    """Satisfies `karat.ports.jobs.JobDesk` over one room. At most `at_once` jobs are made to run beside each other."""

    def __init__(self, room: JobRoom, launcher: JobLauncher, at_once: int, patience: float = PATIENCE_SECONDS) -> None:
        self._room, self._launcher, self._at_once, self._patience = room, launcher, at_once, patience

    def jobs(self) -> tuple[JobView, ...]:
        return self._room.views()

    def job(self, job: str) -> JobDetail:
        return self._room.detail(self._room.folder(job))

    def start(self, kind: str, arguments: Sequence[str]) -> JobView:
        words = checked(kind, arguments)
        self._launcher.check(kind, words)
        folder = self._room.add(kind, words)
        self.start_waiting()
        return self._room.view(folder)

    def cancel(self, job: str) -> JobView:
        folder, standing = self._room.ask_cancel(self._room.folder(job).id)
        worker = standing.worker
        if standing.cancel_asked and worker is not None:
            tell(worker, signal.SIGTERM)
            if not await_end(worker, self._patience):
                tell(worker, signal.SIGKILL, group=standing.detached)
                if not await_end(worker, KILL_SECONDS):
                    hint = "Look at what the machine does: a process that cannot be killed waits for a disk."
                    raise NeedsOperator("job_hangs", f"Process {worker.pid} of job {folder.id} does not end.", hint)
            self._room.settle(folder)
        self.start_waiting()
        return self._room.view(folder)

    def resume(self, job: str) -> JobView:
        folder = self._room.folder(job)
        spec = folder.spec()
        self._launcher.check(spec.kind, checked(spec.kind, spec.arguments))
        self._room.again(folder.id)
        self.start_waiting()
        return self._room.view(folder)

    def await_change(self, job: str) -> None:
        """Wait a while, shorter where the process of a job ends before."""
        worker = self._room.folder(job).standing().worker
        if worker is None:
            time.sleep(LOOK_SECONDS)
        else:
            await_end(worker, PATIENCE_SECONDS)

    def start_waiting(self) -> None:
        self._room.start_waiting(self._at_once, self._launcher.launch)


def checked(kind: str, arguments: Sequence[str]) -> tuple[str, ...]:
    """The arguments of a job, which are handed on as they are and never to a shell. Raises InputError `bad_job`."""
    if kind not in KINDS:
        raise InputError("bad_job", f"'{kind[:40]}' is no kind of job.", f"Choose {', '.join(KINDS)}.")
    if len(arguments) > ARGUMENTS_MAX or any(len(one) > ARGUMENT_CHARACTERS_MAX for one in arguments):
        hint = f"At most {ARGUMENTS_MAX} of at most {ARGUMENT_CHARACTERS_MAX:,} characters."
        raise InputError("bad_job", "A job cannot have so many or so long arguments.", hint)
    if any("\0" in one for one in arguments):
        raise InputError("bad_job", "An argument holds a character that none can hold.", "Leave out NUL.")
    files = [one for one in arguments if one.partition("=")[0] in FILES]
    if files:
        hint = "Leave it out; write it afterwards from what is kept."
        raise InputError("bad_job", f"A job writes no file of its own: {files[0]}.", hint)
    return tuple(arguments)
