"""What bots are doing, written at once: it begins, it fails, it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from karat.bots.desk.desk import Desk
from karat.bots.desk.member import Member
from karat.core.errors import KaratError
from karat.core.ids import BotId
from karat.ports.cockpit import BotState, EventKind
from karat.ports.journal import Happening


class Doings:
    """Tells it for one desk. `over` are the bots that failed or ended since it was made."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.over: set[BotId] = set()

    def tell(self, bot: BotId, state: BotState, cause: str, told: Happening) -> None:
        """What a bot is doing from now on."""
        gathered = self._desk.gathered
        gathered.change_state(bot, state, cause)
        gathered.tell(bot, told.kind, told.text, told.payload, "runner")
        self._desk.flush()

    def warn(self, bots: Iterable[BotId] | None, kind: EventKind, text: str, payload: Mapping[str, Any]) -> None:
        """Something is wrong for bots that go on, which stands beside them; None: for all."""
        gathered = self._desk.gathered
        if bots is None:
            gathered.tell(None, kind, text, payload, "runner")
        for bot in tuple(bots or ()):
            if bot not in self._desk.condition.halts:
                gathered.change_state(bot, BotState.RUNNING, text)
            gathered.tell(bot, kind, text, payload, "runner")
        self._desk.flush()

    def fail(self, bot: BotId, error: KaratError) -> None:
        """It cannot go on."""
        self.over.add(bot)
        told = Happening(EventKind.FAILED, str(error), {"code": error.code})
        self.tell(bot, BotState.FAILED, str(error), told)

    def end(self, members: Iterable[Member], state: BotState, kind: EventKind, text: str) -> None:
        """They need not go on."""
        for member in members:
            self.over.add(member.book.record.id)
            self.tell(member.book.record.id, state, "", Happening(kind, text))
