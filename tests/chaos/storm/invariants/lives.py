"""E7 and L5: no process gives up, and no bot fails, but for what the world did to it."""

from __future__ import annotations

from tests.chaos.storm.invariants.base import Check, Found, Known
from tests.chaos.storm.tape import Commanded, Committed, Ended, Entry

from karat.ports.cockpit import BotState

_BY_THE_WORLD = frozenset({"crashed", "time is up"})
_OF_ANOTHER = frozenset({"lease_lost", "lease_held"})
_OVER = frozenset({BotState.FAILED, BotState.FINISHED})


class Lives(Check):
    """E7: a process ends by a crash, by a command or because another has its lease. L5: its bots end with it alone:
    whoever gives up is begun again and looks well, so that nobody else would see what it was that he could not do."""

    hears = (Commanded, Committed, Ended)

    def __init__(self) -> None:
        self._may_stop = False

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Commanded):
            self._may_stop = self._may_stop or entry.kind == "stop"
        elif isinstance(entry, Ended):
            stopped = entry.how == "stopped" and self._may_stop
            lost = entry.how in _OF_ANOTHER and known.token_life != entry.life
            if not (stopped or lost or entry.how in _BY_THE_WORLD):
                yield "E7", f"life {entry.life} gave up: {entry.how}"
        elif isinstance(entry, Committed):
            for change in entry.transaction.states:
                if change.state in _OVER:
                    yield "L5", f"{change.bot} is {change.state.value}: {change.cause}"
