"""Children that work on jobs: own session, no input, lowest priority, printing to the job's log.

1. `python -m karat.app.job_worker JOB` lowers itself before it imports anything large, then runs the job's arguments.
2. It has a session of its own: Ctrl-C in a terminal, and the end of whoever started it, do not reach it.
3. It gets the environment but what looks like a secret: work on stored data needs none, and what a process has not got
   it cannot print.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

from karat.app.settings import jobs_have_usual_priority
from karat.core.errors import RetryLater
from karat.jobs.room import JobRoom

NICENESS = 19
_SECRET = re.compile(r"(?:^|_)(?:KEY|KEYS|SECRET|SECRETS|TOKEN|PASSWORD|PASSPHRASE|CREDENTIALS)(?:_|$)", re.IGNORECASE)


class ChildLauncher:
    """Satisfies `karat.ports.jobs.JobLauncher` with processes of this machine."""

    def __init__(self, room: JobRoom) -> None:
        self._room = room

    def check(self, kind: str, arguments: Sequence[str]) -> None:
        from karat.app.main import check_words

        check_words((kind, *arguments))

    def launch(self, job: str) -> int:
        command = [sys.executable, "-P", "-m", "karat.app.job_worker", job]
        output = self._room.folder(job).output
        try:
            handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                child = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=handle, stderr=handle, start_new_session=True,
                    env=without_secrets(os.environ),
                )  # fmt: skip
            finally:
                os.close(handle)
        except OSError as error:
            message = f"No process could be started for job {job}: {error.strerror}."
            hint = "Free memory, disk or processes; it starts when there is room."
            raise RetryLater("no_process", message, hint) from error
        threading.Thread(target=child.wait, name=f"job {job}", daemon=True).start()  # whoever is not looked at stays
        return child.pid


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without what is named like a secret."""
    return {name: value for name, value in environment.items() if not _SECRET.search(name)}


def lower_priority() -> None:
    """Take the machine's time only where nobody else wants it, from here on and for threads and children to come.

    On Linux the policy for idle work, which also lets others at the disk first (a process that was given no class of
    I/O has that of its policy); the lowest niceness everywhere.
    """
    if jobs_have_usual_priority():
        return
    os.nice(NICENESS)
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except (AttributeError, OSError):
        return  # another system, or one that does not let us: niceness is what there is
