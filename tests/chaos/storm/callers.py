"""Somebody at the inbox: commands that come again, contradict each other, make no sense, come in masses (F23), or ask
for what may not be (F25). They go the way of every command: left in the journal, taken by whatever desk has the lease.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.chaos.storm.faults import Fault, Kind
from tests.chaos.storm.tape import Asked, Tape
from tests.chaos.storm.world import World

from karat.core.ids import BotId
from karat.ports.commands import CommandAsked
from karat.ports.trading import TradingJournal

Wanted = tuple[str, dict[str, Any]]  # kind and payload
_FLOOD = 40
_WORTH = "limits.marks_age"  # a limit that may be made tighter in any storm, and bounds no sum
_MALFORMED: tuple[Wanted, ...] = (
    ("limits.set", {}), ("limits.set", {"name": 7, "value": [1], "yes": "yes"}), ("bots.set", {"values": {}}),
    ("bots.set", {"bot": "aaa", "values": [1, 2]}), ("bots.set", {"bot": "aaa", "values": "every=3"}),
    ("bot.halt", {"bot": "aaa"}), ("bot.halt", {"bot": None, "reason": "x"}), ("bot.resume", {"bot": ["aaa"]}),
    ("orders.send", {"lots": 10**9}), ("", {}), ("bot.resume", {"bot": "nobody"}),
)  # fmt: skip
_NO_VALUES: dict[str, tuple[Wanted, ...]] = {
    "unknown_limit": (("limits.set", {"name": "limits.gross_exposures", "value": 1.0, "yes": True}),),
    "out_of_bounds": tuple(
        ("limits.set", {"name": name, "value": value, "yes": True})
        for name, value in (
            ("limits.gross_exposure", 1e9), ("limits.position", 0.0), ("limits.leverage", -1.0),
            ("breakers.losses_in_row", 2.5), ("limits.clock_skew", 10**30),
        )
    ),
    "no_number": tuple(
        ("limits.set", {"name": "limits.drawdown", "value": value, "yes": True})
        for value in ("0.2", None, True, "NaN", [0.2])
    ),
    "loosening": tuple(
        ("limits.set", {"name": name, "value": 15.0}) for name in ("limits.gross_exposure", "limits.symbol_exposure")
    ),
    "unknown_parameter": (("bots.set", {"bot": "aaa", "values": {"leverage": 50}}),),
    "bad_parameter": tuple(
        ("bots.set", {"bot": "bbb", "values": {"every": every}}) for every in (0, 1_000, "many", 3.5, None)
    ),
}  # fmt: skip


class Callers:
    """`come` at the moment of a fault. What is asked has an id of its own, made of the moment."""

    def __init__(self, inner: TradingJournal, world: World, tape: Tape) -> None:
        self._inner, self._world, self._tape = inner, world, tape
        self._count = 0
        self._does: dict[str, Callable[[Fault], None]] = {
            "replayed": self._replayed, "conflicting": self._conflicting, "malformed": self._malformed,
            "flooding": self._flooding,
        }  # fmt: skip

    def come(self, fault: Fault) -> None:
        if fault.kind is Kind.CALLER:
            self._does[fault.variant](fault)
            return
        for kind, payload in self._some(_NO_VALUES[fault.variant], fault.number("number")):
            self._ask(kind, payload, refused=True)

    def _replayed(self, fault: Fault) -> None:
        """One command, again before and after it was taken, and once more by a life that follows."""
        name = self._ask("limits.set", {"name": _WORTH, "value": 60_000 - fault.number("number") % 20_000, "yes": True})
        for after_ms in (0, 700, 2_000, 9_000, 60_000):
            self._world.after_ms(after_ms, self._again(name))

    def _conflicting(self, fault: Fault) -> None:
        """One id with two contents: what came first is what was asked. And halt and resume of one bot at a time."""
        first = CommandAsked(self._new_id(), self._world.now_ms, "ada", "bot.halt", {"bot": "bbb", "reason": "a look"})
        self._leave(first, refused=False)
        other = CommandAsked(first.id, self._world.now_ms, "mallory", "limits.set", {"name": _WORTH, "value": 1_000})
        self._inner.ask(other)
        self._world.after_ms(fault.number("number") % 3_000, self._resumes(BotId("bbb")))

    def _malformed(self, fault: Fault) -> None:
        for kind, payload in self._some(_MALFORMED, fault.number("number")):
            self._ask(kind, payload, refused=True)

    def _flooding(self, fault: Fault) -> None:
        for count in range(_FLOOD):
            kind, payload = ("limits.undo", {"yes": True}) if count % 7 == 6 else _MALFORMED[count % len(_MALFORMED)]
            if count % 5 == 0:
                kind, payload = "limits.set", {"name": _WORTH, "value": 59_000 - count, "yes": True}
            self._ask(kind, payload, refused=kind not in ("limits.set", "limits.undo") or not payload.get("yes"))

    def _some(self, wanted: Sequence[Wanted], number: int) -> list[Wanted]:
        return [wanted[(number + more) % len(wanted)] for more in range(min(3, len(wanted)))]

    def _ask(self, kind: str, payload: dict[str, Any], *, refused: bool = False) -> CommandAsked:
        asked = CommandAsked(self._new_id(), self._world.now_ms, "ada", kind, payload)
        self._leave(asked, refused=refused)
        return asked

    def _leave(self, asked: CommandAsked, *, refused: bool) -> None:
        self._tape.add(Asked(asked, self._world.now_ms, refused))
        self._inner.ask(asked)

    def _again(self, asked: CommandAsked) -> Callable[[], None]:
        return lambda: self._inner.ask(asked)

    def _resumes(self, bot: BotId) -> Callable[[], None]:
        return lambda: self._ask("bot.resume", {"bot": bot}) and None

    def _new_id(self) -> str:
        self._count += 1
        return f"asked-{self._count}"
