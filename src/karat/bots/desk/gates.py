"""May a wish become an order? What stands between a decision and its order, each gate with its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from karat.bots.desk.book import Book
from karat.bots.desk.orders import Wish
from karat.core.model.candles import Bools, Floats
from karat.core.model.reasons import Refusal
from karat.kernel.state import State


@dataclass(frozen=True, slots=True)
class Answer:
    """How many lots of a wish may go, 0: none. `first` is the gate that refused or cut, `reason` its words; `chain` is
    what every gate said that was asked."""

    lots: int
    refusal: Refusal = Refusal.NONE
    first: str = ""
    reason: str = ""
    chain: tuple[Mapping[str, Any], ...] = ()


class Gate(Protocol):
    """Asked of every entry and re-entry limit, never of an exit. Told of every bar before it is asked about it."""

    def closed(self, book: Book, bar: int, ts: int, state: State, confidence: float | None) -> None:
        """A bar has closed with `state`; `confidence` is that of a signal to enter, None without one."""
        ...

    def ask(self, book: Book, wish: Wish, decision_ts: int, now_ms: int) -> Answer: ...


class Patient(Protocol):
    """A gate that need not be told of calm bars one by one. Money is not its part: see `karat.bots.desk.passing`."""

    def calm_until(self, first: int, equity: Floats, day_start: Floats, asked: Bools, confidence: Floats) -> int:
        """The first of bars `first` and following that it must be told of alone, else the one behind them. A cell per
        bar: equity at its close and when the day began, whether its signal wanted an entry, and how confident."""
        ...

    def passed(self, bar: int, state: State) -> None:
        """Calm bars were done, of which `bar` was the last; the bot is in `state` since."""
        ...
