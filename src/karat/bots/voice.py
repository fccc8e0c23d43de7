"""What a bot's strategy says at each close: from carried state where that is proved, else from the anchor.

1. Carried, a strategy is asked for its last rows on indicators that go on (`karat.strategies.carried`).
2. What cannot be carried after all ends that, once and for good: from there on signals are computed from the anchor.
3. Once in `AUDIT_BARS` bars a carried bar is computed from the anchor as well. A difference stops the bot.
4. A strategy that has a seat is evaluated there, from the anchor, and never in this process.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Protocol

from karat.bots.history import History
from karat.core.errors import NeedsOperator
from karat.core.model.signals import Signals
from karat.core.time import iso
from karat.strategies import Market, Strategy, Values, evaluate
from karat.strategies.carried import CarriedStrategy, NotCarriedError

AUDIT_BARS = 1_024  # costs a carried bot a hundredth of its time


class Seat(Protocol):
    """Where a strategy is evaluated over its history, when that is not this process."""

    def say(self) -> Signals:
        """Signals whose last row is that of the last bar."""
        ...

    async def said(self) -> Signals:
        """`say`, while the event loop goes on."""
        ...


class Voice:
    """A strategy over one growing history, in this process or in its `seat`."""

    def __init__(
        self, strategy: Strategy, values: Values, history: History, *, carried: bool, seat: Seat | None = None
    ) -> None:
        assert not (carried and seat), "carried state is of this process"
        self._seat = seat
        self._strategy = strategy
        self._values = values
        self._history = history
        self._carried = CarriedStrategy(strategy, values, history.market_id, history.timeframe_ms) if carried else None

    @property
    def is_here(self) -> bool:
        """Whether it is evaluated in this process."""
        return self._seat is None

    @property
    def carries(self) -> bool:
        """Whether the last answer came from carried state."""
        return self._carried is not None and self._history.bars >= self._carried.first_bars

    def say(self) -> Signals:
        """Signals whose last row is that of the last bar. Raises what `evaluate` or the seat raises,
        NeedsOperator `carried_differs`."""
        if self._seat is not None:
            return self._seat.say()
        history = self._history
        if self._carried is None or history.bars < self._carried.first_bars:
            return self._recomputed()
        try:
            said = self._carried.rows(history.cells(), history.bars)
        except NotCarriedError:
            self._carried = None
            return self._recomputed()
        if history.bars % AUDIT_BARS == 0:
            self._audit(said)
        return said

    async def said(self) -> Signals:
        """`say`; what is computed elsewhere lets the event loop go on meanwhile."""
        return self.say() if self._seat is None else await self._seat.said()

    def _recomputed(self) -> Signals:
        return evaluate(self._strategy, self._history.market(), self._values)

    def whole(self, market: Market) -> Signals:
        """What it says of every bar of `market`, from the anchor. Of one that is evaluated in this process."""
        assert self._seat is None, "a strategy that has a seat is evaluated there"
        return evaluate(self._strategy, market, self._values)

    def _audit(self, said: Signals) -> None:
        last_ts = int(self._history.columns["ts"].cells[self._history.bars - 1])
        compare(self._strategy.name, said, -1, self._recomputed(), last_ts)


def compare(strategy: str, said: Signals, place: int, anew: Signals, ts: int) -> None:
    """Hold what was said of the bar that opened at `ts`, row `place`, against the last row of `anew`, computed from the
    anchor on the bars until then. Raises NeedsOperator `carried_differs`."""
    for spec in fields(Signals):
        one, other = getattr(said, spec.name), getattr(anew, spec.name)
        if (None if one is None else one[place].tobytes()) != (None if other is None else other[-1].tobytes()):
            raise NeedsOperator(
                "carried_differs",
                f"{strategy} says another {spec.name} at {iso(ts)} than when computed from the anchor.",
                "Run the bot without carried state, and report it.",
            )
