"""The process's clock: true time, and what a fault adds to it (F18)."""

from __future__ import annotations

import asyncio

from tests.chaos.storm.faults import Fault, Kind, Running
from tests.chaos.storm.world import World


class VirtualClock:
    """`karat.ports.clock.Clock`. A jump of `ms` is there as long as the fault lasts, a skew grows to it.

    Waiting is not by this clock, as it is not on a real machine: timers run on time that never jumps.
    """

    def __init__(self, world: World, faults: Running | None = None) -> None:
        self._world, self._faults = world, faults
        self.skew_ms = 0
        self._met: Fault | None = None

    def now_ms(self) -> int:
        return self._world.now_ms + self.error_ms

    @property
    def error_ms(self) -> int:
        """What this clock shows beyond true time."""
        fault = self._faults and self._faults.now(Kind.CLOCK, self._world.passed_ms)
        if not self._faults or fault is None:
            return self.skew_ms
        if fault is not self._met:
            self._met = fault
            self._faults.count(fault)
        grown = 1.0 if fault.variant == "jump" else (self._world.passed_ms - fault.at_ms) / fault.lasts_ms
        return self.skew_ms + round(fault.number("ms") * grown)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
