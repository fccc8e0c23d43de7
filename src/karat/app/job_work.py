"""What a command does to be a job: `with job("sweep", text) as work`, and tell how far it is.

In a terminal it is written down, so that `karat jobs` elsewhere shows and cancels it, and a moving line tells the
person who waits. In a child that was launched for a job it works on that one.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType

from karat.app.console import EXIT_INTERRUPTED, WORDS, progress, say
from karat.app.job_launcher import ChildLauncher
from karat.app.settings import jobs_at_once
from karat.bots.system_clock import SystemClock
from karat.control.job_desk import JobControl
from karat.core.errors import EXIT_INPUT, KaratError
from karat.jobs.room import JobRoom
from karat.jobs.work import Tell, Work
from karat.ports.cockpit import Undefined
from karat.ports.jobs import JobError, JobProgress, JobState

_CRASHED = 1
_WHOLE = 10  # from here on a rate needs no decimals
_launched: ContextVar[Work | None] = ContextVar("launched", default=None)


def open_jobs() -> JobControl:
    """The desk of jobs under KARAT_HOME. Raises InputError `bad_count`."""
    room = JobRoom(SystemClock())
    return JobControl(room, ChildLauncher(room), jobs_at_once())


@contextmanager
def job(kind: str, text: str, unit: str = "") -> Generator[Work]:
    """What runs inside is a job of this kind, with the words of the command line that runs. `text` says to a person
    what it is; `unit` is what progress counts.

    Raises RetryLater `job_busy` where another process does exactly this, `disk_full` where it cannot be written down.
    """
    work = _launched.get()
    with _line(text) as tell:
        if work is not None:
            work.listener = tell
            work.progress(0, unit=unit)
            yield work
            return
        room = JobRoom(SystemClock())
        work = Work(room.own(kind, WORDS.get(())[1:]), SystemClock(), tell)
        work.progress(0, unit=unit)
        with _told(room, work):
            yield work


@contextmanager
def launched(name: str) -> Generator[tuple[Work, tuple[str, ...]]]:
    """This process was launched for a job: the work, and the words of its command. Raises RetryLater `job_busy`."""
    room = JobRoom(SystemClock())
    folder = room.claimed(name)
    spec, work = folder.spec(), Work(folder, SystemClock())
    token = _launched.set(work)
    try:
        with _told(room, work):
            yield work, (spec.kind, *spec.arguments)
    finally:
        _launched.reset(token)


@contextmanager
def _told(room: JobRoom, work: Work) -> Generator[None]:
    """Write how the work inside ended, then start what waited for that."""
    state, code, error = JobState.FINISHED, 0, None
    try:
        with _ended_by_signal() as asked:
            yield
        code = work.exit_code
    except KaratError as found:
        state, code, error = JobState.FAILED, EXIT_INPUT, JobError(found.code, found.message, found.hint)
        raise
    except KeyboardInterrupt:
        state, code = JobState.INTERRUPTED if asked else JobState.CANCELLED, EXIT_INTERRUPTED
        raise
    except BaseException as found:
        hint = "What it printed has the cause: karat jobs show."
        state, code, error = JobState.FAILED, _CRASHED, JobError("internal", f"It broke: {type(found).__name__}.", hint)
        raise
    finally:
        work.flush()
        try:
            room.end(work.folder, state, code, error, work.outcome)
            open_jobs().start_waiting()
        except (KaratError, OSError) as found:
            say(f"The end of job {work.id} could not be written, or the next not started: {found}")


@contextmanager
def _ended_by_signal() -> Generator[list[int]]:
    """SIGTERM ends the work inside like Ctrl-C does; the list then holds it. In a thread signals are someone else's."""
    asked: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        if not asked:
            asked.append(number)
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _line(text: str) -> Generator[Tell | None]:
    """A moving line for who watches; None where nobody does."""
    with progress(text) as status:
        yield None if status is None else lambda told: status.update(f"{text}: {pace_words(told)}")


def pace_words(told: JobProgress) -> str:
    """How far, how fast, how long still."""
    if told.written_ts is None:
        return "nothing told yet"
    of = "" if isinstance(told.of, Undefined) else f" of {told.of:,}"
    words = [f"{told.done:,}{of} {told.unit}".rstrip()]
    if told.stage:
        words.insert(0, told.stage)
    if not isinstance(told.rate, Undefined):
        words.append(f"{told.rate:,.{0 if told.rate >= _WHOLE else 2}f} a second")
    if not isinstance(told.left_seconds, Undefined):
        words.append(f"{told.left_seconds:,.0f} s left")
    return ", ".join(words)
