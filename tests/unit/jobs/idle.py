"""Children that do nothing until they are told to end: real processes, so that nothing about them is pretended."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from types import TracebackType

from karat.bots.system_clock import SystemClock
from karat.control.job_desk import JobControl
from karat.core.errors import InputError
from karat.jobs.room import JobRoom

IDLE = ("sh", "-c", "echo ready; read line")
STUBBORN = ("sh", "-c", "trap '' TERM; echo ready; read line")


class IdleLauncher:
    """Starts a process that waits for the end of its input. It understands every argument but `wrong`."""

    def __init__(self, command: Sequence[str] = IDLE) -> None:
        self.command = command
        self.children: dict[str, subprocess.Popen[str]] = {}

    def check(self, kind: str, arguments: Sequence[str]) -> None:
        if "wrong" in arguments:
            raise InputError("bad_command", f"{kind} knows no 'wrong'.", "Leave it out.")

    def launch(self, job: str) -> int:
        pipe = subprocess.PIPE
        child = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, text=True, start_new_session=True)
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
        self.children[job] = child
        return child.pid

    def kill(self, job: str) -> None:
        """As the system does when memory is short."""
        self.children[job].kill()
        self.children[job].communicate()

    def __enter__(self) -> IdleLauncher:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for child in self.children.values():
            child.kill()
            child.communicate()


def desk_over(launcher: IdleLauncher, at_once: int = 1, patience: float = 10.0) -> tuple[JobControl, JobRoom]:
    """The desk of the home of this test."""
    room = JobRoom(SystemClock())
    return JobControl(room, launcher, at_once, patience), room
