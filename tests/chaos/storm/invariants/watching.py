"""All invariants over one storm, after every step; the first that is broken stops it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.chaos.storm.invariants.base import Check, Known
from tests.chaos.storm.invariants.books import Declared, Fills, Remains, Sums, Unbooked
from tests.chaos.storm.invariants.cover import Cover
from tests.chaos.storm.invariants.data import Decisions
from tests.chaos.storm.invariants.deadlines import Healed, Killed, Pages, Ready, Ticks, Unheard
from tests.chaos.storm.invariants.exits import ExitsOnlyReduce, Outsized
from tests.chaos.storm.invariants.gates import Modes, OneWriter, Shut, Weight, WorstCase
from tests.chaos.storm.invariants.lives import Lives
from tests.chaos.storm.invariants.log import Canary, Commands, Inbox, Log, Shown
from tests.chaos.storm.invariants.orders import Intended, Monotonic, Once, OneEntry, WellFormed
from tests.chaos.storm.tape import KINDS, Tape
from tests.chaos.storm.wires import Wires

from karat.ports.trading import TradingJournal

SAFETY = (
    Intended, Once, OneEntry, Fills, Unbooked, Sums, Remains, Declared, WorstCase, ExitsOnlyReduce, Outsized, Shut,
    Monotonic, WellFormed, Cover, Shown, Weight, Canary, Modes, Decisions, Commands, Inbox, OneWriter,
)  # fmt: skip
LIVENESS = (Unheard, Killed, Ready, Ticks, Pages, Healed, Lives)


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
        told = [check for check in self.checks if type(check).on is not Check.on]
        assert all(check.hears for check in told), "a check that is told of nothing finds nothing"
        self._told = {kind: [check.on for check in told if kind in check.hears] for kind in KINDS}
        self._timed = [check.on_time for check in self.checks if type(check).on_time is not Check.on_time]
        self._wires = wires
        self._seen = 0
        self._now_us, self._stalled_us = 0, 0
        self._life, self._has_begun = 0, False

    def after_step(self) -> None:
        """Raises the first Violation."""
        known, entries = self.known, self.tape.entries
        while self._seen < len(entries):
            entry = entries[self._seen]
            self._seen += 1
            known.take(entry)
            for on in self._told[type(entry)]:
                for invariant, text in on(entry, known):
                    raise self._violation(invariant, text)
        if known.world.now_us != self._now_us:
            self._pass_time()

    def judge(self, found: Iterable[tuple[str, str]]) -> None:
        """Raise the first of what was found."""
        for invariant, text in found:
            raise self._violation(invariant, text)

    def _violation(self, invariant: str, text: str) -> Violation:
        world = self.known.world
        return Violation(invariant, text, self.seed, world.passed_ms, world.steps)

    def _pass_time(self) -> None:
        known = self.known
        passed_ms = known.world.now_us // 1_000 - self._now_us // 1_000
        stalled_ms = (known.world.stalled_us - self._stalled_us) // 1_000  # nobody is up while the loop is blocked
        self._now_us, self._stalled_us = known.world.now_us, known.world.stalled_us
        if known.life != self._life:
            self._life, self._has_begun = known.life, False
        self._has_begun = self._has_begun or known.journal_is_up()  # a start waits for that: it takes over first
        if known.life and self._has_begun and known.keeps() and (self._wires is None or self._wires.reachable):
            known.good_ms += max(passed_ms - stalled_ms, 0)
            known.writable_ms += max(passed_ms - stalled_ms, 0) if known.journal_is_up() else 0
        if passed_ms:
            for on_time in self._timed:
                self.judge(on_time(known))
