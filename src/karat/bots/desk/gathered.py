"""What was changed and not written yet, and what may leave once it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from karat.core.ids import BotId, ClientOrderId
from karat.ports.cockpit import BotState, EventKind
from karat.ports.commands import CommandTaken
from karat.ports.journal import BarEntry, Happening, Intent
from karat.ports.journal_columns import QuietBars
from karat.ports.trading import (
    AccountRecord,
    Booked,
    NewEvent,
    OrderRecord,
    StateChange,
    TradeTrace,
    Transaction,
)
from karat.ports.venue import Request


@dataclass(slots=True)
class Gathered:
    """Everything since the last write. `orders` and `accounts` hold the newest of each; `posts` leave in their order
    after the write."""

    booked: list[Booked] = field(default_factory=list[Booked])
    bars: list[BarEntry | QuietBars] = field(default_factory=list[BarEntry | QuietBars])
    intents: list[Intent] = field(default_factory=list[Intent])
    orders: dict[ClientOrderId, OrderRecord] = field(default_factory=dict[ClientOrderId, OrderRecord])
    accounts: dict[BotId, AccountRecord] = field(default_factory=dict[BotId, AccountRecord])
    facts: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    states: list[StateChange] = field(default_factory=list[StateChange])
    traces: list[TradeTrace] = field(default_factory=list[TradeTrace])
    events: list[NewEvent] = field(default_factory=list[NewEvent])
    posts: list[Request] = field(default_factory=list[Request])
    taken: list[CommandTaken] = field(default_factory=list[CommandTaken])
    parameters: dict[BotId, Mapping[str, bool | int | float]] = field(
        default_factory=dict[BotId, Mapping[str, bool | int | float]]
    )
    kernels: dict[BotId, bytes] = field(default_factory=dict[BotId, bytes])

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write and nothing to send."""
        return not (
            self.events or self.bars or self.posts or self.orders or self.booked or self.states or self.facts
            or self.accounts or self.traces or self.intents or self.taken
        )  # fmt: skip

    def clear(self) -> None:
        """Nothing is left to write: begin anew."""
        for name in self.__slots__:
            setattr(self, name, type(getattr(self, name))())

    def tell(
        self, bot: BotId | None, kind: EventKind, text: str, payload: Mapping[str, Any], cause: str,
        bar_ts: int | None = None,
    ) -> None:  # fmt: skip
        """Add an event."""
        self.events.append(NewEvent(bot, bar_ts, Happening(kind, text, payload), cause))

    def change_state(self, bot: BotId, state: BotState, cause: str) -> None:
        self.states.append(StateChange(bot, state, cause))

    def transaction(self, token: int, at_ms: int) -> Transaction:
        """All of it. A bot may have moved on within it: every row carries its last kernel state."""
        return Transaction(
            token=token,
            at_ms=at_ms,
            booked=[
                *(replace(one, kernel=self.kernels.get(one.bot, one.kernel)) for one in self.booked),
                *self._moved(),
            ],
            bars=[self._last(one) for one in self.bars],
            intents=tuple(self.intents),
            orders=tuple(self.orders.values()),
            accounts=tuple(self.accounts.values()),
            facts=dict(self.facts),
            states=tuple(self.states),
            traces=tuple(self.traces),
            events=tuple(self.events),
            parameters=dict(self.parameters),
            taken=tuple(self.taken),
        )

    def _moved(self) -> list[Booked]:
        """Bots whose kernel state moved with nothing else that carries it: a decision that came to nothing."""
        carried = {one.bot for one in self.booked} | {one.bot for one in self.bars}
        return [Booked(bot, kernel) for bot, kernel in self.kernels.items() if bot not in carried]

    def _last(self, entry: BarEntry | QuietBars) -> BarEntry | QuietBars:
        kernel = self.kernels.get(entry.bot)
        return entry if kernel is None or kernel == entry.kernel else replace(entry, kernel=kernel)
