"""What the desk knows of the house: all of it must be well before an entry leaves."""

from __future__ import annotations

from dataclasses import dataclass, field

from karat.bots.desk.timings import Timings
from karat.core.ids import BotId, MarketId

Wrong = tuple[str, str]  # a code, and the words


@dataclass(slots=True)
class Freshness:
    """How old prices are, at a venue that has its own. `quoted_ms`: when a quote that makes sense was heard last;
    `due_ms`: by when a bar with trades should have followed the newest one. `skew_ms`: how wrong the wall clock is."""

    timings: Timings
    quoted_ms: dict[MarketId, int] = field(default_factory=dict[MarketId, int])
    due_ms: dict[MarketId, int] = field(default_factory=dict[MarketId, int])
    skew_ms: int = 0

    def quote_age_ms(self, market: MarketId, now_ms: int) -> int | None:
        """None: none was heard."""
        heard = self.quoted_ms.get(market)
        return None if heard is None else now_ms - heard

    def wrong(self, market: MarketId, now_ms: int) -> list[Wrong]:
        """What stands against an entry."""
        found: list[Wrong] = []
        age, due = self.quote_age_ms(market, now_ms), self.due_ms.get(market)
        if age is None or age > self.timings.quote_age_ms:
            found.append(("stale_data", "no price was heard" if age is None else f"the price is {age} ms old"))
        if due is None or now_ms > due + self.timings.bar_late_ms:
            found.append(("stale_data", "no bar came" if due is None else f"the next bar is {now_ms - due} ms late"))
        if abs(self.skew_ms) > self.timings.skew_max_ms:
            found.append(("clock_skew", f"the clock is wrong by {self.skew_ms} ms"))
        return found


@dataclass(frozen=True, slots=True)
class VenueTerms:
    """What a venue said of a market when it was read back: the leverage set there, its largest order in lots, whether
    it takes exits alone."""

    leverage: float
    max_lots: int
    close_only: bool


@dataclass(slots=True)
class Condition:
    """Everything that can stand against an entry. `down`: parts of the connection that are; `dead`: tasks of the shell
    that ended and do not run again yet; `stopping`: whose command ends this process. `freshness` None: the venue
    simulates, its prices are those of the bar. `silent_until_ms`: the venue has banned us until then.

    A venue that does not simulate must say its `terms` per market; there `gate_open` (whether trading with real money
    is confirmed) must be known too, or bots under limits make no entry."""

    store_writable: bool = True
    reconciled: bool = False
    killed: str = ""
    kill_unknown: dict[str, str] = field(default_factory=dict[str, str])  # sources that cannot be asked, and why
    safe_mode: str = ""
    observing: dict[BotId, int] = field(default_factory=dict[BotId, int])  # the first bar that may enter
    halts: dict[BotId, str] = field(default_factory=dict[BotId, str])
    down: set[str] = field(default_factory=set[str])
    dead: set[str] = field(default_factory=set[str])
    stopping: str = ""
    broken: str = ""
    silent_until_ms: int = 0
    freshness: Freshness | None = None
    terms: dict[str, VenueTerms] = field(default_factory=dict[str, VenueTerms])
    gate_open: bool | None = None

    @property
    def clock_skew_ms(self) -> float | None:
        return None if self.freshness is None else float(self.freshness.skew_ms)

    @property
    def linked(self) -> bool:
        return not self.down

    @property
    def hears_orders(self) -> bool:
        """Whether what a look compares can be kept up; quotes have no part in it."""
        return not self.down & {"orders", "events"}

    def wrong(self, bot: BotId | None, market: MarketId, now_ms: int) -> list[Wrong]:
        """What stands against an entry of a bot (None: of any), the gravest first."""
        found: list[Wrong] = []
        if self.broken:
            found.append(("lease_lost", self.broken))
        if self.killed:
            found.append(("kill", f"the kill switch is latched: {self.killed}"))
        for name, words in self.kill_unknown.items():
            found.append(("kill_unknown", f"whether the kill switch was pulled in {name} is not known: {words}"))
        if self.safe_mode:
            found.append(("safe_mode", f"this is safe mode: {self.safe_mode}"))
        if bot is not None and bot in self.halts:
            found.append(("halted", f"the bot is halted: {self.halts[bot]}"))
        if self.stopping:
            found.append(("gate_shut", "this process is about to stop"))
        if not self.store_writable:
            found.append(("gate_shut", "the journal cannot be written"))
        if self.down:
            found.append(("gate_shut", "the venue cannot be reached"))
        if now_ms < self.silent_until_ms:
            found.append(("gate_shut", "the venue wants no requests"))
        if self.dead:
            found.append(("safe_mode", f"not running: {', '.join(sorted(self.dead))}"))
        if not self.reconciled:
            found.append(("not_reconciled", "books and venue were not compared yet"))
        return found + (self.freshness.wrong(market, now_ms) if self.freshness is not None else [])
