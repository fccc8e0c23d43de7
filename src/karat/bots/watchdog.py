"""The watchdog: groups of bots that miss a close (failures: P1, P3).

It knows nothing of the schedule that brings bars: it is asked once a second by the runner's watch, another task.
A group whose feed follows a live market and that has heard of no bar for 1.2 periods has missed a tick. That is told
(ALARM `missed_tick`), and the feed is asked to look at once, again after each further period. The bar is then run late;
one that the venue does not have is passed over aloud by the feed (`bars_missing`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from karat.bots.desk.commands import Commands
from karat.bots.desk.desk import Desk
from karat.bots.doings import Doings
from karat.core.ids import BotId
from karat.core.time import SECOND_MS, iso
from karat.ports.cockpit import EventKind
from karat.ports.feed import Feed, FeedKey

MISSED_PERIODS = 1.2


@runtime_checkable
class Hurries(Protocol):
    """A feed whose bars come at their closes, and that can be asked to look at once."""

    def hurry(self) -> None: ...


@dataclass(slots=True)
class Group:
    """Bots that share a feed. `close_ms`: when the newest bar taken had closed; `heard_ms`: when it was taken."""

    key: FeedKey
    bots: tuple[BotId, ...]
    feed: Hurries | None = None  # where it can be hurried, and is followed
    close_ms: int | None = None
    heard_ms: int = 0
    _told_ms: int | None = None  # close_ms for which a missed tick was told
    _hurry_ms: int = 0

    def begins(self, feed: Feed, last_ts: int | None, now_ms: int) -> None:
        """It takes its feed up behind the bar that opened at `last_ts`."""
        self.feed = feed if isinstance(feed, Hurries) else None
        self.heard_ms = now_ms
        self.close_ms = None if last_ts is None else last_ts + self.key.timeframe_ms

    def took(self, bar_ts: int, now_ms: int) -> None:
        """A bar has come."""
        self.close_ms, self.heard_ms = bar_ts + self.key.timeframe_ms, now_ms

    def rests(self) -> None:
        """Nothing follows its feed now."""
        self.feed = None

    def late_ms(self, now_ms: int) -> int | None:
        """For how long its next close is overdue; None where nothing is missed."""
        if self.close_ms is None or self.feed is None:
            return None
        period = self.key.timeframe_ms
        if now_ms - max(self.close_ms, self.heard_ms) < MISSED_PERIODS * period:
            return None
        return now_ms - self.close_ms - period

    def news(self, now_ms: int) -> bool:
        """Whether this missed close is new; asks the feed to look."""
        is_new = self._told_ms != self.close_ms
        if (is_new or now_ms >= self._hurry_ms) and self.feed is not None:
            self._hurry_ms = now_ms + self.key.timeframe_ms
            self.feed.hurry()
        self._told_ms = self.close_ms
        return is_new


@dataclass(slots=True)
class Watchdog:
    """Of one run."""

    doings: Doings
    groups: list[Group] = field(default_factory=list[Group])

    def enter(self, key: FeedKey, bots: Iterable[BotId]) -> Group:
        group = Group(key, tuple(bots))
        self.groups.append(group)
        return group

    def tick(self, now_ms: int) -> None:
        """Look for closes that were missed."""
        for group in self.groups:
            late_ms = group.late_ms(now_ms)
            if late_ms is None or not self.alive(group) or not group.news(now_ms):
                continue
            due_ts = group.close_ms or 0
            text = f"The bar of {iso(due_ts)} was missed: it should have come {late_ms // SECOND_MS:,} s ago."
            payload = {"alarm": "missed_tick", "due_ts": due_ts, "late_ms": late_ms}
            self.doings.warn(self.alive(group), EventKind.ALARM, text, payload)

    def alive(self, group: Group) -> tuple[BotId, ...]:
        """Its bots that neither failed nor ended."""
        return tuple(bot for bot in group.bots if bot not in self.doings.over)


class Chore(Protocol):
    """Something to do beside the bots, now and then."""

    def tick(self, desk: Desk, now_ms: int) -> None:
        """Asked once a second, in the desk's thread."""
        ...


@dataclass(frozen=True, slots=True)
class Shared:
    """What all groups of a run share."""

    desk: Desk
    dog: Watchdog
    commands: Commands

    @property
    def doings(self) -> Doings:
        return self.dog.doings
