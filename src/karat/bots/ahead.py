"""Bots whose bars are all there already, and whose strategy is proved to see no future: a replay at full speed.

1. Signals are computed once over the range, from the anchor, as in a fleet backtest; the bots read them. Once in
   `AUDIT_BARS` bars a signal is computed anew from nothing but the bars until then. A difference stops the bot.
2. Bots go on by stretches of `STRETCH_BARS`. In each a bot does what it does with single bars that it held back
   (`Member.settle`): calm bars together, any other alone. Between two stretches others get their turn, and commands
   are followed: whoever is given other parameters reads other signals from there on.
3. A range that holds what a history refuses, or of which a strategy cannot say anything, is taken bar by bar: then all
   is as it would be without what comes later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from karat.bots.desk.member import Member
from karat.bots.history import History, is_finite
from karat.bots.voice import AUDIT_BARS, compare
from karat.bots.workers.voices import Spoken
from karat.core.errors import KaratError
from karat.core.model.signals import Signals
from karat.ports.feed import Feed, Past, Whole
from karat.strategies import Market

STRETCH_BARS = 256  # some hundredths of a second of work where there are orders


@dataclass(slots=True, eq=False)
class Ahead:
    """The range of one feed. `read` is what its bots read, by their voices."""

    feed: Feed
    past: Past
    read: dict[Spoken, Signals] = field(default_factory=dict[Spoken, Signals])

    @classmethod
    def of(cls, feed: Feed, members: list[Member]) -> Ahead | None:
        """None where the bots of a feed have to take its bars one by one."""
        bars = feed.whole_bars if isinstance(feed, Whole) else None
        if bars is None or not all(member.foresees and member.voice.is_here for member in members):
            return None
        ahead = cls(feed, feed.past(bars))
        candles = ahead.past.candles
        if not is_finite(candles) or (np.diff(candles.ts) <= 0).any():
            return None
        try:
            market = ahead.market(ahead.past)
            ahead.read = {voice: voice.whole(market) for voice in {member.voice: None for member in members}}
        except KaratError:
            return None
        return ahead

    def market(self, past: Past) -> Market:
        return Market(past.candles, past.funding if self.feed.has_funding else None, past.series)

    def begin(self, history: History, members: list[Member]) -> None:
        """Put all bars there; the bots know what their strategies say of each."""
        history.begin(self.past)
        for member in members:
            member.know(self.read[member.voice])

    def stretches(self, members: list[Member], until_ts: int | None) -> Iterator[int]:
        """How many bars are to be done after each stretch, up to the last bar that has closed by `until_ts`."""
        closes = self.past.candles.ts + self.past.candles.timeframe_ms
        end = len(closes) if until_ts is None else int(np.searchsorted(closes, until_ts, side="right"))
        first = min(member.bars for member in members)
        yield from range(first + STRETCH_BARS, end, STRETCH_BARS)
        if first < end:
            yield end

    def opened(self, bar: int) -> int:
        """When a bar opened."""
        return int(self.past.candles.ts[bar])

    def go_on(self, member: Member, stop: int, written_ts: int) -> None:
        """Do the bars of a bot before number `stop`. Raises NeedsOperator `carried_differs` at the bar of which that is
        so, and what else its strategy or the venue raises."""
        if member.voice not in self.read:
            self.read[member.voice] = member.voice.whole(self.market(self.past))
            member.know(self.read[member.voice])
        for audited in range(member.bars // AUDIT_BARS * AUDIT_BARS + AUDIT_BARS, stop + 1, AUDIT_BARS):
            self._do(member, audited - 1, written_ts)
            self._audit(member, audited)
        self._do(member, stop, written_ts)

    def _do(self, member: Member, stop: int, written_ts: int) -> None:
        if member.bars < stop:
            member.reach(stop)
            member.settle(written_ts)
            member.book.forget()

    def _audit(self, member: Member, bars: int) -> None:
        """Hold the signal of bar number `bars - 1` against what the bars until then say."""
        anew = member.voice.whole(self.market(self.feed.past(bars)))
        compare(member.book.record.strategy, self.read[member.voice], bars - 1, anew, self.opened(bars - 1))
