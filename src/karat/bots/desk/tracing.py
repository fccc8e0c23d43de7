"""Why there was no trade: for each bar of a bot the chain of gates, and the first that said no.

A row is gathered only when what it says differs from the bar before: quiet bars leave none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from karat.bots.desk.gates import Answer
from karat.bots.desk.gathered import Gathered
from karat.bots.desk.orders import Wish
from karat.core.ids import BotId
from karat.core.model.reasons import Refusal
from karat.kernel.state import State
from karat.ports.trading import TradeTrace


class Tracer:
    """Keeps what the gates of one bot say. `said` is what its newest row said, ("", "") before the first."""

    def __init__(self, bot: BotId, said: tuple[str, str] = ("", "")) -> None:
        self._bot = bot
        self._said = said
        self._chain: list[Mapping[str, Any]] = []
        self._first = self._reason = ""
        self._bar = self._ts = 0

    def begin(self, bar: int, ts: int, asked: bool, refusal: Refusal, met: State, decided: State) -> None:
        """A bar was decided: `met` before, `decided` after its close, `asked` whether the signal wanted an entry."""
        self._bar, self._ts, self._chain = bar, ts, []
        self._first, self._reason = _kernel_says(asked, refusal, met, decided)
        self._chain.append({"gate": "signal", "passed": asked, "reason": "" if asked else "no entry was asked for"})
        if asked:
            gate = "sizing" if refusal is Refusal.SIZE else "policy"
            self._chain.append({"gate": gate, "passed": not self._first, "reason": self._reason})

    def gated(self, wish: Wish, answer: Answer) -> None:
        """The gates of the desk answered for a wish."""
        self._chain.extend(answer.chain)
        if answer.lots < wish.lots:
            self._first, self._reason = answer.first, answer.reason

    def end(self, gathered: Gathered) -> None:
        """Keep the bar, if it says something new."""
        said = self._first, self._reason
        if said != self._said:
            self._said = said
            gathered.traces.append(TradeTrace(self._bot, self._bar, self._ts, *said, tuple(self._chain)))


def _kernel_says(asked: bool, refusal: Refusal, met: State, decided: State) -> tuple[str, str]:
    """The first gate of the kernel that said no, and its words."""
    if refusal is not Refusal.NONE:
        gate = "sizing" if refusal is Refusal.SIZE else "policy"
        return gate, refusal.name.lower().replace("_", " ")
    if decided.order.side and met.order.due < 0:
        return "", "an entry was ordered"
    if not asked:
        return "signal", "in a position" if met.holding.side else "no entry was asked for"
    if met.order.due >= 0:
        return "oms", "an order of an earlier bar is on its way"
    return "policy", "the position is held already" if met.holding.side else "nothing was ordered"
