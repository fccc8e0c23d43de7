"""What the layers of risk remember of one bot: its breakers, its entries of the last day, its last loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from karat.core.time import DAY_MS, HOUR_MS
from karat.kernel.state import State
from karat.risk.breakers import BreakerEvent, BreakerState, Latch, after, breaker_state_of
from karat.risk.limits import Limits
from karat.risk.stretches import BarsClosed, calm_until, passed


def fact_of(bot: str) -> str:
    """The name under which the journal keeps it."""
    return f"breakers:{bot}"


@dataclass(slots=True)
class BotRisk:
    """`entries`: time of decision by signal key, of the last day, and the newest one however old. `has_fallen`: too far
    below its peak, so it was halted. `peak`: of its equity since a person let it go on; None: since it began."""

    breakers: BreakerState = field(default_factory=BreakerState)
    entries: dict[str, int] = field(default_factory=dict[str, int])
    last_loss_bar: int | None = None
    has_fallen: bool = False
    peak: float | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> BotRisk:
        """As `as_dict` told it; new where nothing was told."""
        if not told:
            return cls()
        return cls(
            breaker_state_of(dict(told["breakers"])), dict(told["entries"]), told["last_loss_bar"],
            told.get("has_fallen", False), told.get("peak"),
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """For the journal."""
        told = {"breakers": self.breakers.as_dict(), "entries": self.entries, "last_loss_bar": self.last_loss_bar}
        return {**told, "has_fallen": self.has_fallen, "peak": self.peak}

    def marked(self, equity: float, *, halted: bool) -> bool:
        """A bar closed at this equity. Once a person has let a bot go on that had fallen, its peak begins anew: else it
        would be halted again at its next entry. Whether anything is to be kept."""
        begins = self.has_fallen and not halted
        if begins:
            self.has_fallen, self.peak = False, equity
        elif self.peak is not None and equity > self.peak:
            self.peak = equity
            return True
        return begins

    def calm_until(self, bars: BarsClosed, limits: Limits, *, halted: bool) -> int:
        """The first of `bars` that changes anything that is kept, else the one behind them."""
        if self.peak is not None or (self.has_fallen and not halted):
            return bars.first
        return calm_until(self.breakers, bars, limits)

    def passed(self, bar: int, now_ms: int) -> None:
        """Bars that change nothing were done, of which `bar` was the last."""
        self.breakers = passed(self.breakers, bar, now_ms)

    def take(self, event: BreakerEvent, limits: Limits) -> tuple[bool, tuple[Latch, ...], tuple[Latch, ...]]:
        """Tell the breakers: whether anything is to be kept, what fell, what was released."""
        before = self.breakers
        now = self.breakers = after(before, event, limits)
        if now.latches is before.latches or now.latches == before.latches:
            counts = (before.losses, before.low_confidences, before.rejections)
            return counts != (now.losses, now.low_confidences, now.rejections), (), ()
        fallen = tuple(one for one in now.latches if one not in before.latches)
        return True, fallen, tuple(one for one in before.latches if one not in now.latches)

    def entered(self, key: str, now_ms: int) -> None:
        """An entry was let through."""
        recent = {name: at for name, at in self.entries.items() if at > now_ms - DAY_MS}
        self.entries = {**recent, key: now_ms}

    def entries_since(self, now_ms: int) -> tuple[int, int]:
        """Entries of the last hour and of the last day."""
        hour = sum(at > now_ms - HOUR_MS for at in self.entries.values())
        return hour, sum(at > now_ms - DAY_MS for at in self.entries.values())


def day_start_of(state: State, now_ms: int) -> float:
    """The bot's equity when the UTC day of `now_ms` began; a mark at midnight begins it."""
    return state.marks.equity if now_ms % DAY_MS == 0 else state.marks.day_reference
