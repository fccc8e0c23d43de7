"""All invariants over one storm, after every step; the first that is broken stops it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.chaos.storm.invariants.base import Check, Known
from tests.chaos.storm.invariants.books import Fills, Sums
from tests.chaos.storm.invariants.cover import Cover
from tests.chaos.storm.invariants.data import Decisions
from tests.chaos.storm.invariants.deadlines import Healed, Killed, Pages, Ready, Ticks, Unheard
from tests.chaos.storm.invariants.gates import Modes, OneWriter, Shut, Weight, WorstCase
from tests.chaos.storm.invariants.log import Canary, Commands, Inbox, Log, Shown
from tests.chaos.storm.invariants.orders import ExitsOnlyReduce, Intended, Monotonic, Once, OneEntry, WellFormed
from tests.chaos.storm.tape import Tape
from tests.chaos.storm.wires import Wires

from karat.ports.trading import TradingJournal

SAFETY = (
    Intended, Once, OneEntry, Fills, Sums, WorstCase, ExitsOnlyReduce, Shut, Monotonic, WellFormed, Cover, Shown,
    Weight, Canary, Modes, Decisions, Commands, Inbox, OneWriter,
)  # fmt: skip
LIVENESS = (Unheard, Killed, Ready, Ticks, Pages, Healed)


@dataclass
class Violation(Exception):
    """What was broken, where, and how to see it again."""

    invariant: str
    text: str
    seed: int
    t_ms: int
    step: int

    @property
    def replay(self) -> str:
        return f"python -m tests.chaos.storm {self.seed}"

    def __str__(self) -> str:
        where = f"seed {self.seed}, {self.t_ms / 1000:.3f} s, step {self.step}"
        return f"{self.invariant} at {where}: {self.text}\n    {self.replay}"


class Watcher:
    """Feeds the checks. `after_step` is cheap where nothing has happened."""

    def __init__(self, known: Known, tape: Tape, wires: Wires | None, seed: int, journal: TradingJournal) -> None:
        self.known, self.tape, self.seed = known, tape, seed
        self.log = Log(journal)
        self.checks: list[Check] = [*(make() for make in (*SAFETY, *LIVENESS)), self.log]
        self._told = [check for check in self.checks if type(check).on is not Check.on]
        self._timed = [check for check in self.checks if type(check).on_time is not Check.on_time]
        self._wires = wires
        self._seen = 0
        self._now_us, self._stalled_us = 0, 0

    def after_step(self) -> None:
        """Raises the first Violation."""
        known, entries = self.known, self.tape.entries
        while self._seen < len(entries):
            entry = entries[self._seen]
            self._seen += 1
            known.take(entry)
            for check in self._told:
                self.judge(check.on(entry, known))
        if known.world.now_us != self._now_us:
            self._pass_time()

    def judge(self, found: Iterable[tuple[str, str]]) -> None:
        """Raise the first of what was found."""
        for invariant, text in found:
            world = self.known.world
            raise Violation(invariant, text, self.seed, world.passed_ms, world.steps)

    def _pass_time(self) -> None:
        known = self.known
        passed_ms = known.world.now_us // 1_000 - self._now_us // 1_000
        stalled_ms = (known.world.stalled_us - self._stalled_us) // 1_000  # nobody is up while the loop is blocked
        self._now_us, self._stalled_us = known.world.now_us, known.world.stalled_us
        if known.life and known.keeps() and (self._wires is None or self._wires.reachable):
            known.good_ms += max(passed_ms - stalled_ms, 0)
            known.stored_ms += max(passed_ms - stalled_ms, 0) * known.is_stored()
        if passed_ms:
            for check in self._timed:
                self.judge(check.on_time(known))
