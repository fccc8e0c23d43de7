"""The money of all bots of one currency: what there is now, at its highest, and when the day began.

1. A bot that joins brings its equity and one that leaves takes it away; neither is a gain or a loss. What is kept is
   therefore how far equity lies below its peak and below the day's start, in money, not the two tops.
2. The day begins at 00:00 UTC with the equity of that moment. A restart begins neither peak nor day anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from karat.core.time import DAY_MS


@dataclass(slots=True)
class Purse:
    """`shares`: equity per bot, by its number. `below_day` is negative where the day has won. `fallen`: what was held
    back because all of them together lie too far below the peak: bots, the kill switch."""

    below_peak: float = 0.0
    below_day: float = 0.0
    day: int = -1
    shares: dict[int, float] = field(default_factory=dict[int, float])
    fallen: list[str] = field(default_factory=list[str])

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Purse:
        """As `as_dict` told it, before any bot has joined."""
        money = float(told.get("below_peak", 0.0)), float(told.get("below_day", 0.0))
        return cls(*money, int(told.get("day", -1)), fallen=list(told.get("fallen", ())))

    def as_dict(self) -> dict[str, Any]:
        """For the journal."""
        return {
            "below_peak": self.below_peak, "below_day": self.below_day, "day": self.day, "fallen": list(self.fallen)
        }  # fmt: skip

    def begin_anew(self) -> None:
        """A person has seen what was lost: the peak begins anew."""
        self.below_peak = 0.0
        self.fallen.clear()

    def mark(self, bot: int, equity: float, now_ms: int) -> bool:
        """A bot's equity is now this. Whether that changed anything that is kept."""
        before = self.below_peak, self.below_day, self.day
        if now_ms // DAY_MS > self.day:
            self.day, self.below_day = now_ms // DAY_MS, 0.0
        won = equity - self.shares.get(bot, equity)
        self.shares[bot] = equity
        self.below_peak = max(self.below_peak - won, 0.0)
        self.below_day = 0.0 if now_ms % DAY_MS == 0 else self.below_day - won
        return before != (self.below_peak, self.below_day, self.day)

    def leave(self, bot: int) -> None:
        """A bot takes its equity away."""
        self.shares.pop(bot, None)

    @property
    def equity(self) -> float:
        """The sum."""
        return math.fsum(self.shares.values())
