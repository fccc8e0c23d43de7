"""The side of a job that works: it tells how far it is as often as it likes, and now and then a file is replaced.

A disk that takes no progress does not stop the work: then the last that could be written stands.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

from karat.jobs.files import JobFolder
from karat.jobs.pace import Pace
from karat.ports.clock import Clock
from karat.ports.cockpit import Undefined
from karat.ports.jobs import JobProgress

WRITES_A_SECOND = 4
NOT_TOLD = Undefined("not told yet")

Tell = Callable[[JobProgress], None]


class Work:
    """One attempt of one job, told of by its worker from any of its threads."""

    def __init__(
        self, folder: JobFolder, clock: Clock, tell: Tell | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder = folder
        self.listener = tell
        self.outcome: str | None = None
        self.exit_code = 0
        self._clock, self._monotonic = clock, monotonic
        self._lock = threading.Lock()
        self._done, self._of, self._unit, self._stage = 0, None, "", ""
        self._pace = Pace(monotonic())
        self._written: float | None = None

    @property
    def id(self) -> str:
        return self.folder.id

    def progress(self, done: int, of: int | None = None, *, unit: str | None = None, stage: str | None = None) -> None:
        """`done` are done, of `of` where that is known. What is left out stays as it was told before; a new stage has a
        count of its own."""
        with self._lock:
            self._tell(done, of, unit, stage)

    def advance(self, more: int, of: int | None = None) -> None:
        """`more` are done than before, of `of`: what sweeps tell."""
        with self._lock:
            self._tell(self._done + more, of, None, None)

    def result(self, name: str) -> None:
        """What came of it: for a sweep its id."""
        self.outcome = name

    def ended_with(self, exit_code: int) -> None:
        """What the command of the job returned."""
        self.exit_code = exit_code

    def flush(self) -> None:
        """Write what was told last."""
        with self._lock:
            self._write(self._monotonic())

    def _tell(self, done: int, of: int | None, unit: str | None, stage: str | None) -> None:
        now = self._monotonic()
        if stage is not None and stage != self._stage:
            self._stage, self._of, self._pace, self._written = stage, None, Pace(now), None
        self._done = done
        self._of = self._of if of is None else of
        self._unit = self._unit if unit is None else unit
        self._pace.tell(now, done)
        if self._written is None or now - self._written >= 1 / WRITES_A_SECOND:
            self._write(now)
            if self.listener is not None:
                self.listener(progress_of(self._told()))

    def _write(self, now: float) -> None:
        self._written = now
        with contextlib.suppress(OSError):  # no room for it, or the job was removed: the work goes on
            self.folder.write_progress(self._told())

    def _told(self) -> dict[str, Any]:
        rate, left = self._pace.rate(), self._pace.left_seconds(NOT_TOLD if self._of is None else self._of)
        return {
            "done": self._done, "of": self._of, "unit": self._unit, "stage": self._stage, "rate": _json(rate),
            "left_seconds": _json(left), "written_ms": self._clock.now_ms(),
        }  # fmt: skip


def progress_of(told: dict[str, Any]) -> JobProgress:
    """What a worker told, `{}` for nothing yet."""
    if not told:
        return JobProgress(0, NOT_TOLD, "", "", NOT_TOLD, NOT_TOLD, None)
    of = told["of"]
    return JobProgress(
        told["done"], NOT_TOLD if of is None else of, told["unit"], told["stage"], _figure(told["rate"]),
        _figure(told["left_seconds"]), told["written_ms"],
    )  # fmt: skip


def _json(figure: float | Undefined) -> float | dict[str, str]:
    return {"undefined": figure.reason} if isinstance(figure, Undefined) else figure


def _figure(told: float | dict[str, str]) -> float | Undefined:
    return Undefined(told["undefined"]) if isinstance(told, dict) else told
