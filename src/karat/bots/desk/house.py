"""What the gates of all bots of one desk share: the picture, the regimes, and the drawdown that closes everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from karat.bots.desk.book import Book
from karat.bots.desk.moving import Moving
from karat.bots.desk.picture import Picture
from karat.bots.desk.purse import Purse
from karat.bots.history import History
from karat.core.ids import MarketId
from karat.core.model.candles import Bools
from karat.core.model.instrument import Kind
from karat.core.time import iso
from karat.kernel.state import State
from karat.ports.data_health import DataHealth
from karat.ports.trading import Facts
from karat.risk import AccountView, Limits, Snapshot, SystemView, flatten_reason
from karat.risk.regime import BARS, Scored, regime_of

if TYPE_CHECKING:
    from karat.bots.desk.desk import Desk

HOLE_BARS = 24  # as long as most breakers wait: what averages of some 20 bars say is then made of whole ones again
KILL = "kill switch"  # among what has fallen: no bot may have a name with a blank
BOT_RULE, ACCOUNT_RULE = "bot_drawdown", "drawdown"  # what no bar and no day releases


class House:
    """One per desk, made when the first bot under limits joins. `facts` are those of the journal, `data` knows of
    damage to what is stored; None where bots follow what nobody stores."""

    def __init__(self, desk: Desk, facts: Facts, data: DataHealth | None = None) -> None:
        self.desk = desk
        self.data = data
        self.picture = Picture(desk, facts)
        self.moving = Moving()
        self.facts = facts
        self._scored: dict[tuple[MarketId, int, int], tuple[int, Scored]] = {}
        self._falls = ""  # why the kill switch is about to be pulled
        self.before_kill: Callable[[Book], None] = lambda book: None  # while `book` acts; whoever lags comes up

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self.desk.limits.in_force

    def now_ms(self, book: Book, ts: int) -> int:
        """The time of a decision on the bar that opened at `ts`: its close where the venue simulates, else now."""
        return ts + book.record.timeframe_ms if self.desk.venue.traits.simulates else self.desk.now_ms()

    def mark(self, book: Book, state: State, now_ms: int) -> None:
        """A bar of a bot has closed. Where the account has lost too much, everything is to be closed."""
        self.picture.refresh(now_ms)
        self.picture.note(book.number, book, state, now_ms)
        self.desk.touched.discard(book.number)
        self._begin_anew()
        reason = self.falls(self.picture.purse(book.record.currency))
        if reason is not None:
            self._fall(f"{reason} ({book.record.currency})", book.record.currency)

    def falls(self, purse: Purse) -> str | None:
        """Why everything in a currency is to be closed; None where it is not."""
        if not purse.below_peak:
            return None
        equity = purse.equity
        account = AccountView(equity, equity + purse.below_peak)
        return flatten_reason(Snapshot(account=account), self.limits)

    def done(self, book: Book, cause: str) -> None:
        """After the decision of a bar: protect the position; pull the kill switch where that was decided."""
        self.desk.protect(book, cause)
        if self._falls:
            reason, self._falls = self._falls, ""
            assert self.desk.pull_kill is not None, "a desk with limits has a kill switch"
            self.before_kill(book)
            self.desk.pull_kill(reason, "limits.flatten_drawdown")

    def _begin_anew(self) -> None:
        """Where a person let go of what a drawdown of the account held back, the kill switch or a bot, the peak begins
        anew: else it would fall again."""
        condition = self.desk.condition
        for currency, purse in self.picture.purses.items():
            if any(not (condition.killed if one == KILL else one in condition.halts) for one in purse.fallen):
                purse.begin_anew()
                self.desk.gathered.facts[f"account:{currency}"] = purse.as_dict()

    def halt(self, book: Book, rule: str, reason: str) -> None:
        """A bot, or with it the account, lies too far below its peak. Standing still nobody wins that back, so no bar
        and no day releases it: it waits for a person."""
        if rule == ACCOUNT_RULE:
            self._note(book.record.id, book.record.currency)
        self.desk.halt(book.record.id, rule, reason)

    def _fall(self, reason: str, currency: str) -> None:
        """Nothing opens any more; what is open is closed once the decision in hand has been written down."""
        if not self.desk.condition.killed:
            self.desk.condition.killed = self._falls = reason
            self._note(KILL, currency)

    def _note(self, held: str, currency: str) -> None:
        """Remember what a drawdown holds back."""
        purse = self.picture.purse(currency)
        purse.fallen.append(held)
        self.desk.gathered.facts[f"account:{currency}"] = purse.as_dict()

    def system(self, book: Book, latched: tuple[str, ...], *, intact: bool) -> SystemView:
        """The house as a bot meets it; `latched` are its own breakers, `intact` says whether its data is whole."""
        condition, simulates = self.desk.condition, self.desk.venue.traits.simulates
        return SystemView(
            kill_latched=bool(condition.killed),
            breakers_latched=latched,
            safe_mode=False,
            reconciled=condition.reconciled,
            venue_healthy=condition.linked,
            data_intact=intact,
            store_writable=condition.store_writable,
            lease_held=self.desk.token > 0,  # one that was lost ends this process at its next write
            gate_open=True if simulates else condition.gate_open,
            configuration_accepted=True,  # a bot with a bad one does not begin
            clock_skew_ms=0.0 if simulates else condition.clock_skew_ms,
        )

    def damage(self, book: Book, history: History, bar: int) -> str:
        """What is wrong with the data of a bot at a bar, in words; "" where nothing is known to be."""
        found = "" if book.record.instrument.kind == Kind.EQUITY else hole_of(history, bar)
        if found or self.data is None:
            return found
        return self.data.wrong(history.market_id, history.timeframe_ms, history.needs)

    def whole(self, book: Book, history: History, first: int, stop: int) -> Bools:
        """At which of bars `first` to `stop - 1` no bar is missing: `damage`, where nobody knows of damage else."""
        if book.record.instrument.kind == Kind.EQUITY:
            return np.ones(stop - first, np.bool_)
        opens, bars = history.columns["ts"].cells, np.arange(first, stop)
        begin = np.maximum(bars + 1 - HOLE_BARS, 0)
        return opens[bars] - opens[begin] == (bars - begin) * history.timeframe_ms

    def regime(self, history: History, bar: int, ts: int) -> Scored:
        """How a market behaves at a bar, computed once for all its bots."""
        key = history.market_id, history.timeframe_ms, int(history.columns["ts"].cells[0])
        known = self._scored.get(key)
        if known is None or known[0] != bar:
            columns, reach = history.columns, slice(max(bar + 1 - BARS, 0), bar + 1)
            high, low, close = (columns[name].cells[reach] for name in ("high", "low", "close"))
            rate = funding_rate(history, ts + history.timeframe_ms) if history.has_funding else None
            known = self._scored[key] = bar, regime_of(high, low, close, rate, history.imbalance(bar))
        return known[1]


def hole_of(history: History, bar: int) -> str:
    """Where bars are missing among the last `HOLE_BARS` up to `bar`, in words. A market that sleeps always misses some:
    it is not asked about."""
    opens = history.columns["ts"].cells[max(bar + 1 - HOLE_BARS, 0) : bar + 1]
    width = history.timeframe_ms
    if int(opens[-1]) - int(opens[0]) == (len(opens) - 1) * width:
        return ""
    missing = (np.diff(opens) - width) // width
    return f"{int(missing.sum())} bars are missing from {iso(int(opens[int(np.argmax(missing))]) + width)} on"


def funding_rate(history: History, at_ms: int) -> float:
    """The newest funding rate known at a time; NaN before the first."""
    stamps = history.funding_columns["ts"].cells[: history.stamps]
    known = int(stamps.searchsorted(at_ms, side="right"))
    return float(history.funding_columns["rate"].cells[known - 1]) if known else float("nan")
