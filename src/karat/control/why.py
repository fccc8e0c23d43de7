"""Why a bot did, or did not, trade at a bar: what the journal kept of that bar, in words and figures.

Trace rows are written when the reason changes, so the newest row before a bar holds for it. What can only be known
later stands with the bar that decided: an order that could not be paid at its fill, or that the venue refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from karat.bots.desk.tracing import HELD, KERNEL_GATES, gate_of
from karat.core.errors import InputError
from karat.core.ids import BotId
from karat.core.model.policy import Policy
from karat.core.model.reasons import Refusal
from karat.core.time import iso
from karat.oms.client_ids import Part, part_of
from karat.oms.records import Status
from karat.ports.journal import BotRecord, FillRecord
from karat.ports.trading import OrderRecord, TradeTrace, TradingJournal

PASSED, SAID_NO, NOT_REACHED, NOT_ASKED = "passed", "said no", "not reached", "not asked"
_LATER = ("risk", "oms")
_UNMADE = (Status.REJECTED, Status.EXPIRED, Status.CANCELLED)


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of the chain: its verdict, and its words where it has any."""

    name: str
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explained:
    """One bar of a bot. `first` is the gate that said no, "" where an order was made; `position` signed lots at the
    close. `since_ts`: the first bar for which the same held, without a break. `orders` were decided here, `fills`
    happened in this bar."""

    bar: int
    ts: int
    close: float
    equity: float
    position: int
    first: str
    reason: str
    since_ts: int
    gates: tuple[Gate, ...]
    orders: tuple[OrderRecord, ...]
    fills: tuple[FillRecord, ...]


def explained(journal: TradingJournal, bot: BotId, ts: int, last: int = 1) -> tuple[Explained, ...]:
    """The bar whose open time is nearest to `ts`, of two the earlier, and the `last - 1` before it, oldest first.

    Raises InputError `unknown_bot`, `no_bar` (the bot has done none) or `bad_last`.
    """
    if last < 1:
        raise InputError("bad_last", f"{last} bars cannot be shown.", "Use --last 1 or more.")
    record, marks = journal.bot(bot), journal.marks(bot)
    if not len(marks.ts):
        raise InputError("no_bar", f"{record.name} has not done a bar yet.", f"Run it: karat bots run {record.name}.")
    end = int(np.argmin(np.abs(marks.ts - ts)))
    begin = max(end - last + 1, 0)
    rows = journal.traces(bot, int(marks.ts[begin]), int(marks.ts[end]) + 1)
    told = _Told(record, rows, dict(journal.refusals(bot)), journal.fills(bot), journal.orders_of(bot))
    return tuple(
        told.of(bar, int(marks.ts[bar]), float(marks.close[bar]), float(marks.equity[bar]), int(marks.position[bar]))
        for bar in range(begin, end + 1)
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What was kept of a bot, for any of its bars."""

    record: BotRecord
    rows: Sequence[TradeTrace]
    refusals: dict[int, Refusal]
    fills: Sequence[FillRecord]
    orders: Sequence[OrderRecord]

    def of(self, bar: int, ts: int, close: float, equity: float, position: int) -> Explained:
        row = next((one for one in reversed(self.rows) if one.bar <= bar), None)
        first, reason = ("", "nothing was kept of this bar") if row is None else (row.first, row.reason)
        orders = tuple(one for one in self.orders if one.decision_bar == bar and part_of(one.order.id) in _DECIDED)
        refusal, since_ts = self.refusals.get(bar, Refusal.NONE), ts if row is None else row.ts
        unmade = next((one for one in orders if one.order.status in _UNMADE and not one.order.filled_lots), None)
        if refusal is Refusal.AFFORD:
            first, reason, since_ts = "oms", words(refusal, self.record.policy), ts
        elif first in KERNEL_GATES and refusal is not Refusal.NONE and gate_of(refusal) == first:
            reason = words(refusal, self.record.policy) + self._since_exit(bar, refusal, position)
        elif not first and unmade is not None:
            ended = unmade.order.status.name.lower()
            first, reason, since_ts = "oms", f"the order was {ended}: nothing was filled", ts
        elif (first, reason) == HELD:
            reason = f"in a position: {'long' if position > 0 else 'short'} {abs(position)} lots"
        return Explained(
            bar, ts, close, equity, position, first, reason, since_ts,
            _gates(row, first, reason), orders, tuple(one for one in self.fills if one.bar == bar),
        )  # fmt: skip

    def _since_exit(self, bar: int, refusal: Refusal, position: int) -> str:
        """When the cooldown began; a reversal is decided before its exit, so any cooldown is in its way."""
        if refusal is Refusal.COOLDOWN and position:
            return "; a reversal would enter at its own exit"
        closing = [
            one for one in self.fills
            if one.bar <= bar and one.position_before and one.position_before + one.side * one.lots == 0
        ]  # fmt: skip
        if refusal is not Refusal.COOLDOWN or not closing:
            return ""
        return f"; the last exit was {bar - closing[-1].bar} bars before, at {iso(closing[-1].ts)}"


_DECIDED = (Part.ENTRY, Part.LIMIT, Part.EXIT)


def _gates(row: TradeTrace | None, first: str, reason: str) -> tuple[Gate, ...]:
    """The whole chain in its order; what comes behind the first no is not reached. A re-entry limit asks neither
    signal nor filter, and a bot without limits of a fleet asks no layer of risk."""
    said = {} if row is None else {str(one["gate"]): one for one in row.chain}
    before = () if first in KERNEL_GATES or not first or first in said else (first,)
    order = dict.fromkeys((*before, *(name for name in said if name not in (*KERNEL_GATES, *_LATER))))
    leading = [name for name in order if name in ("position", "reentry")]
    trailing = [name for name in order if name not in (*leading, *_LATER)]
    found: list[Gate] = []
    stopped = False
    for name in (*leading, *KERNEL_GATES, *trailing, *_LATER):
        if name == first:
            found.append(Gate(name, SAID_NO, reason))
            stopped = True
        elif stopped:
            found.append(Gate(name, NOT_REACHED, ""))
        elif name in said or (name == "oms" and not first):
            found.append(Gate(name, PASSED, str(said.get(name, {}).get("reason", ""))))
        else:
            found.append(Gate(name, NOT_ASKED, ""))
    return tuple(found)


def words(refusal: Refusal, policy: Policy) -> str:
    """What a refusal of the bot's own policy means, with the figure of the policy."""
    told = _WORDS.get(refusal)
    return refusal.name.lower().replace("_", " ") if told is None else told(policy)


def _cooldown(policy: Policy) -> str:
    bars = (
        f"{policy.cooldown}" if not policy.cooldown_by_regime else
        f"{min(policy.cooldown_by_regime)} to {max(policy.cooldown_by_regime)}, by regime,"
    )  # fmt: skip
    return f"cooldown: {bars} bars must lie between an exit and the next entry"


def _confidence(policy: Policy) -> str:
    levels = policy.min_confidence_by_regime
    wanted = f"{policy.min_confidence:g}" if not levels else f"{min(levels):g} to {max(levels):g} by regime"
    return f"confidence: it is below the minimum of {wanted}, or unknown"


_WORDS: dict[Refusal, Callable[[Policy], str]] = {
    Refusal.EQUITY: lambda policy: "equity: nothing is left to trade with",
    Refusal.SIDE: lambda policy: "side: the policy does not allow it, or a spot short has no borrow rate",
    Refusal.OWN_EXIT: lambda policy: "own exit: the signal asked for an entry and for its exit at the same bar",
    Refusal.REGIME: lambda policy: "regime: it is unknown at this bar",
    Refusal.CONFIDENCE: _confidence,
    Refusal.COOLDOWN: _cooldown,
    Refusal.DAILY_LOSS: lambda policy: (
        f"daily loss: {policy.daily_loss_limit:.2%} or more was lost since 00:00 UTC; released at the next 00:00 UTC"
    ),
    Refusal.LOSS_STREAK: lambda policy: (
        f"loss streak: {policy.loss_streak_limit} losses in a row; released at the next 00:00 UTC"
    ),
    Refusal.VOLUME: lambda policy: (
        f"volume: below {policy.volume_factor:g} times its mean over {policy.volume_window} bars"
    ),
    Refusal.FUNDING: lambda policy: (
        f"funding: unknown, or outside {policy.funding_low:g} to {policy.funding_high:g}".replace("nan", "no limit")
    ),
    Refusal.SESSION: lambda policy: f"session: outside minutes {policy.session_from} to {policy.session_to} of the day",
    Refusal.SIZE: lambda policy: "size: under a minimum of the venue, or a figure to size by is missing",
    Refusal.AFFORD: lambda policy: "afford: at its fill the order could not be paid, or was cut to under a minimum",
}
