"""One life of the process, from its start to its end, and the places at which it may end in the middle of a step.

A process that dies between two lines of its code does nothing more to the world, whatever those lines are. So from the
moment `end` is called nothing that the code does leads anywhere: writes, requests and messages go nowhere, until the
step is over and the loop is left alone.
"""

from __future__ import annotations

from tests.chaos.storm.faults import Fault, Kind, Running
from tests.chaos.storm.world import World


class Life:
    """`number` counts lives from 1. `fault` is the crash that ended it."""

    def __init__(self, number: int, world: World, faults: Running) -> None:
        self.number = number
        self.alive = True
        self.fault: Fault | None = None
        self._world, self._faults = world, faults

    def end(self, fault: Fault | None = None) -> None:
        if self.alive and fault is not None:
            self._faults.count(fault)
        self.alive, self.fault = False, fault if self.fault is None else self.fault

    def passes(self, place: str) -> bool:
        """Whether it is still alive after `place`: before_write, after_write, before_post, after_post."""
        if self.alive:
            fault = self._faults.now(Kind.CRASH, self._world.passed_ms, variants=(place,))
            if fault is not None:
                self.end(fault)
        return self.alive
