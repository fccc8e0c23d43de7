"""Why there was no trade: for each bar of a bot the chain of gates, and the first that said no.

A row is gathered only when what it says differs from the bar before: quiet bars leave none. What it says holds for
every bar up to the next row, so its words carry no figure that changes from bar to bar; `karat.control.why` adds those.

| first | says no because |
| --- | --- |
| "" | nobody did: an order was made |
| oms | an order of an earlier bar is on its way, or a re-entry limit waits |
| position | a position is held, and nothing was to change about it |
| signal | no entry was asked for, or its own exit stood beside it |
| regime, filter, sizing | the bot's policy refused (`Refusal`) |
| reentry | a stop or take closed the trade, and no re-entry limit could follow |
| other_leg | the other leg of a pair: see `karat.bots.desk.pairing` |
| any other | a gate of the desk, by its own name |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from karat.bots.desk.gates import Answer
from karat.bots.desk.gathered import Gathered
from karat.bots.desk.orders import Wish
from karat.core.ids import BotId
from karat.core.model.reasons import Reason, Refusal
from karat.kernel.records import Rules
from karat.kernel.state import State
from karat.ports.trading import TradeTrace, TradingJournal

KERNEL_GATES = ("signal", "regime", "filter", "sizing")
NOT_ASKED = ("signal", "no entry was asked for")
HELD = ("position", "in a position")
OTHER_LEG = "other_leg"
_REENTERS = (Reason.STOP, Reason.TRAIL, Reason.TAKE)
_GATES = {Refusal.OWN_EXIT: "signal", Refusal.REGIME: "regime", Refusal.SIZE: "sizing"}


class Tracer:
    """Keeps what the gates of one bot say. `said` is what its newest row said, ("", "") before the first."""

    def __init__(self, bot: BotId, said: tuple[str, str] = ("", "")) -> None:
        self._bot = bot
        self._said = said
        self._chain: list[Mapping[str, Any]] = []
        self._first = self._reason = ""
        self._bar = self._ts = 0

    def begin(self, bar: int, ts: int, asked: bool, refusal: Refusal, met: State, decided: State, rules: Rules) -> None:
        """A bar was decided: `met` before, `decided` after its close, `asked` whether the signal wanted an entry."""
        self._bar, self._ts, self._chain = bar, ts, []
        self._first, self._reason = _kernel_says(bar, asked, refusal, met, decided, rules)
        for gate in KERNEL_GATES if self._first in ("", *KERNEL_GATES) and asked else ():
            said_no = gate == self._first
            self._chain.append({"gate": gate, "passed": not said_no, "reason": self._reason if said_no else ""})
            if said_no:
                return
        if not self._chain and self._first:
            self._chain.append({"gate": self._first, "passed": False, "reason": self._reason})

    def bound(self, words: str) -> None:
        """Another bot decides with this one, and says this of the bar; "" is nothing."""
        if not words:
            return
        self._chain.append({"gate": OTHER_LEG, "passed": False, "reason": words})
        if self._first:
            self._first, self._reason = OTHER_LEG, words
        else:
            self._reason = f"{self._reason}, {words}"

    def gated(self, wish: Wish, answer: Answer) -> None:
        """The gates of the desk answered for a wish."""
        self._chain.extend(answer.chain)
        if answer.lots == 0:
            self._first, self._reason = answer.first, answer.reason
        elif answer.lots < wish.lots:
            self._reason = f"{self._reason}, cut to {answer.lots} of {wish.lots} lots by {answer.first}"

    def end(self, gathered: Gathered) -> None:
        """Keep the bar, if it says something new."""
        said = self._first, self._reason
        if said != self._said:
            self._said = said
            gathered.traces.append(TradeTrace(self._bot, self._bar, self._ts, *said, tuple(self._chain)))

    def quiet(self, bar: int, ts: int, holds: bool, gathered: Gathered) -> None:
        """From `bar` on nothing happens, with a position or without."""
        said = HELD if holds else NOT_ASKED
        if said != self._said:
            self._said = said
            chain = ({"gate": said[0], "passed": False, "reason": said[1]},)
            gathered.traces.append(TradeTrace(self._bot, bar, ts, *said, chain))


def newest_said(journal: TradingJournal, bot: BotId, last_ts: int | None) -> tuple[str, str]:
    """What the newest row of a bot says whose last bar done opened at `last_ts`; ("", "") before the first."""
    rows = () if last_ts is None else journal.traces(bot, last_ts + 1, last_ts + 1)
    return (rows[-1].first, rows[-1].reason) if rows else ("", "")


def gate_of(refusal: Refusal) -> str:
    """The gate of the bot's own policy that refuses so."""
    return _GATES.get(refusal, "filter")


def words_of(refusal: Refusal) -> str:
    return refusal.name.lower().replace("_", " ")


def _kernel_says(bar: int, asked: bool, refusal: Refusal, met: State, decided: State, rules: Rules) -> tuple[str, str]:
    """The first gate of the kernel that said no, and its words."""
    order = decided.order
    if refusal is not Refusal.NONE:
        return gate_of(refusal), words_of(refusal)
    if met.order.due < 0 <= order.due:
        if not order.side:
            return "", "an exit was ordered"
        return "", "an exit and an entry were ordered" if order.exit_reason else "an entry was ordered"
    if decided.limit.side and not met.limit.side:
        return "", "a re-entry limit was placed"
    if met.order.due >= 0:
        return "oms", "an order is on its way"
    if decided.holding.side:
        return HELD
    if decided.limit.side:
        return "oms", "a re-entry limit waits"
    if rules.reentry_max > 0 and decided.blocks.close_bar == bar and decided.blocks.close_reason in _REENTERS:
        return "reentry", _no_reentry(decided, rules)
    return ("sizing", "the target asks for no change") if asked else NOT_ASKED


def _no_reentry(decided: State, rules: Rules) -> str:
    """Why no re-entry limit follows a trade that has just been closed (rule 24, in its order). What is left when all
    else allows it: the signal of this bar would have closed it again, or no size was possible."""
    blocks = decided.blocks
    if decided.trade.placed >= rules.reentry_max:
        return "no re-entry limit is left for this trade"
    if not decided.marks.equity > 0.0:
        return "no re-entry: equity is not positive"
    if blocks.blocked:
        return "no re-entry: daily loss"
    if 0 < rules.loss_streak_limit <= blocks.streak:
        return "no re-entry: loss streak"
    return "no re-entry: the signal is against it, or it has no size"
