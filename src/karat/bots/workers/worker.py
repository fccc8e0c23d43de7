"""The supervised worker of one strategy's code: whose fault it is when something goes wrong, and who goes on.

1. One worker serves every bot that runs the same code; it answers one question at a time. What goes wrong while it
   answers is the fault of that question, and its process ends. The next question of any other bot gets a new one.
2. A process that dies or runs out of memory after it has answered before is not held against who asks last: what others
   left in it, or somebody outside, may have ended it. Who asks does so once more, in a new process.
3. A process that died while nobody asked is replaced without a word: it held nothing that is not here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np

from karat.bots.workers.memory import Table
from karat.bots.workers.process import Died, Overran, WorkerProcess
from karat.bots.workers.settings import WorkerSettings
from karat.bots.workers.wire import (
    ERROR,
    READY,
    Garbled,
    Rows,
    error_read,
    rows_of,
    signals_of_row,
    signals_of_rows,
)
from karat.core.errors import InputError, NeedsOperator, RetryLater
from karat.core.model.signals import Signals
from karat.strategies import Strategy, code_hash
from karat.strategies.identity import source_path

_USER_PACKAGE = "karat_user_"  # what `karat.strategies.loading` calls the package of a folder
_HALTS = ("strategy_failed", "strategy_garbled", "strategy_memory", "strategy_changed", "broken_strategy_file")
_PERHAPS_NOT_ITS_FAULT = ("strategy_died", "strategy_memory")


@dataclass(frozen=True, slots=True)
class Question:
    """What one evaluation needs: the message, the tables behind it, and whose it is (one market and parameter set).
    `is_whole`: what is said of every bar is wanted, not of the last alone."""

    told: dict[str, Any]
    tables: list[Table]
    asker: Hashable
    bars: int
    is_whole: bool = False


class Worker:
    """The worker of one strategy's code. Thread-safe; `close` ends its process."""

    def __init__(self, strategy: Strategy, settings: WorkerSettings) -> None:
        self._strategy = strategy
        self._settings = settings
        self._process: WorkerProcess | None = None
        self._served: set[Hashable] = set()
        self._closed = False
        self._lock = Lock()
        self._hand = ThreadPoolExecutor(1, thread_name_prefix=f"worker-{strategy.name}")

    @property
    def pid(self) -> int | None:
        """Its process now; None when none runs."""
        process = self._process
        return process.pid if process is not None and process.alive else None

    def evaluate(self, question: Question) -> Signals:
        """The signals of the last bar, or of all. Raises NeedsOperator `strategy_overran`, `strategy_failed`,
        `strategy_garbled`, `strategy_memory`, `strategy_died`, `strategy_changed`, `broken_strategy_file` or
        `worker_not_started`, InputError as `evaluate` does, RetryLater `workers_closed`."""
        with self._lock:
            used = bool(self._served)
            try:
                return self._answered(question)
            except NeedsOperator as error:
                if not used or error.code not in _PERHAPS_NOT_ITS_FAULT:
                    raise
            return self._answered(question)

    async def evaluated(self, question: Question) -> Signals:
        """`evaluate`, while the event loop goes on."""
        return await asyncio.get_running_loop().run_in_executor(self._hand, self.evaluate, question)

    def close(self) -> None:
        """End its process, also in the middle of an evaluation. It cannot be used again."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._end()
        self._hand.shutdown(wait=False)

    def _answered(self, question: Question) -> Signals:
        try:
            process = self._ready()
            first = question.asker not in self._served
            for table in question.tables:
                process.show(table)
            said = self._heard(process, question, self._seconds(first=first))
        except Overran:
            error: Exception = self._overran(question)
        except Died:
            error = self._died()
        except Garbled as garbled:
            error = self._halt("strategy_garbled", f"answered {garbled}", "Mend it, then check it.")
        except (NeedsOperator, InputError) as told:
            error = told
        else:
            self._served.add(question.asker)
            return said
        self._end()
        raise error

    def _heard(self, process: WorkerProcess, question: Question, seconds: float) -> Signals:
        """What it says, within the deadline. Raises Garbled, and what the strategy raised."""
        parts: list[Rows] = []
        left = question.bars
        for answer in process.answers(question.told, seconds):
            if answer[:1] == ERROR:
                raise self._error(answer)
            if not question.is_whole:
                return signals_of_row(answer)
            parts.append(rows_of(answer))
            left -= len(parts[-1])
            if left <= 0:
                break
        if left:
            raise Garbled(f"{-left} rows too many")
        return signals_of_rows(np.concatenate(parts))

    def _ready(self) -> WorkerProcess:
        """A process that has loaded the strategy: the one there is, else a new one."""
        if self._closed:
            raise _closed()
        if self._process is not None and not self._process.alive:
            self._end()
        if self._process is None:
            try:
                self._process = WorkerProcess(self._settings)
            except OSError as error:
                raise self._halt(
                    "worker_not_started", f"got no worker: {error}", "Make room on this machine."
                ) from error
            answer = self._process.ask(self._load_told(), self._settings.first_seconds_max)
            if answer[:1] == ERROR:
                raise self._error(answer)
            if answer != READY:
                raise Garbled("something else than that it is ready")
        return self._process

    def _load_told(self) -> dict[str, Any]:
        module = type(self._strategy).__module__
        from_file = module.startswith(_USER_PACKAGE)
        return {
            "do": "load",
            "name": self._strategy.name,
            "file": str(source_path(self._strategy)) if from_file else "",
            "module": module,
            "code_hash": code_hash(self._strategy),
            "memory_bytes_max": self._settings.memory_bytes_max,
        }

    def _seconds(self, *, first: bool) -> float:
        return self._settings.first_seconds_max if first else self._settings.seconds_max

    def _error(self, answer: bytes) -> NeedsOperator | InputError:
        told = error_read(answer)
        kind = NeedsOperator if told["code"] in _HALTS else InputError
        return kind(told["code"], told["message"], told["hint"])

    def _overran(self, question: Question) -> NeedsOperator:
        assert self._process is not None, "only a process overruns"
        seconds = self._seconds(first=question.asker not in self._served)
        place = self._process.whereabouts(source_path(self._strategy))
        at = f"; it was at {place}" if place else ""
        return self._halt(
            "strategy_overran",
            f"gave no answer within {seconds:g} s over {question.bars:,} bars{at}",
            "Make it faster or mend its loop.",
        )

    def _died(self) -> Exception:
        if self._closed:
            return _closed()
        ending = "" if self._process is None else f" ({self._process.ending()})"
        return self._halt("strategy_died", f"ended its process{ending}", "Mend it, then check it.")

    def _halt(self, code: str, what: str, hint: str) -> NeedsOperator:
        return NeedsOperator(code, f"{self._strategy.name} {what}.", hint)

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
        self._process = None
        self._served.clear()


def _closed() -> RetryLater:
    return RetryLater("workers_closed", "The workers of the strategies are being closed.", "Start the bots again.")
