"""The limits in force at a desk, how they came about, and the commands that change them.

1. A change is checked against the bounds of its limit and holds from the next decision on. It is kept as a fact, with
   who asked for it, and told in the log as a command.
2. What lets more through than before (`loosening`) is done only where whoever asks says so: `{"yes": true}`.
3. Undo takes the newest change back that is not undone yet. It is a change like every other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from karat.core.errors import InputError
from karat.ports.commands import CommandAsked
from karat.risk import Direction, LimitChange, Limits, default_limits, with_limit

if TYPE_CHECKING:
    from karat.bots.desk.desk import Desk

FACT = "limits"
CHANGES_KEPT = 200


@dataclass(slots=True)
class LimitBook:
    """`changes` are the newest ones, oldest first: what `LimitChange` tells, when, by which command, and whether it was
    taken back; one that takes another back names its command."""

    in_force: Limits = field(default_factory=default_limits)
    changes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @classmethod
    def of(cls, facts: Mapping[str, Mapping[str, Any]]) -> LimitBook:
        """As the journal has it. Raises InputError `bad_limits` where a number of it is not allowed any more."""
        told, limits = facts.get(FACT, {}), default_limits()
        for name, value in told.get("values", {}).items():
            limits, _ = with_limit(limits, name, value)
        return cls(limits, [dict(one) for one in told.get("changes", ())])

    def as_dict(self) -> dict[str, Any]:
        """For the journal: the numbers that are not Karat's own, and the changes."""
        own = default_limits()
        values = {one.name: one.value for one in self.in_force.all if one.value != own.value(one.name)}
        return {"values": values, "changes": [dict(one) for one in self.changes]}

    def changed(self, name: str, value: object, who: str, *, yes: bool) -> tuple[Limits, LimitChange]:
        """What setting a limit would make of the limits. Raises InputError `bad_limits` or `limit_loosened`."""
        limits, change = with_limit(self.in_force, name, value, who)
        if change.direction is Direction.LOOSENING and not yes:
            words = f"{name} from {change.old:g} to {change.new:g} {change.unit} lets more through than before."
            raise InputError("limit_loosened", words, "Say --yes if you mean it.")
        return limits, change

    def newest(self) -> dict[str, Any]:
        """The change that undo takes back. Raises InputError `nothing_to_undo`."""
        for one in reversed(self.changes):
            if not one["undone"] and not one["undoes"]:
                return one
        raise InputError("nothing_to_undo", "No limit was changed that could be changed back.")

    def keep(self, limits: Limits, change: LimitChange, command: str, at_ms: int, undoes: str = "") -> None:
        """Put a change in force."""
        self.in_force = limits
        told = {**change.as_dict(), "at_ms": at_ms, "command": command, "undone": False, "undoes": undoes}
        self.changes = [*self.changes, told][-CHANGES_KEPT:]


def set_limit(desk: Desk, command: CommandAsked) -> str:
    """`limits.set`: {"name", "value", "yes"}."""
    given = command.payload
    limits, change = desk.limits.changed(
        str(given.get("name")), given.get("value"), command.who, yes=given.get("yes") is True
    )
    return _put(desk, command, limits, change)


def undo_limit(desk: Desk, command: CommandAsked) -> str:
    """`limits.undo`: {"yes"}."""
    book = desk.limits
    last = book.newest()
    yes = command.payload.get("yes") is True
    limits, change = book.changed(last["name"], last["old"], command.who, yes=yes)
    last["undone"] = True
    return _put(desk, command, limits, change, last["command"])


def _put(desk: Desk, command: CommandAsked, limits: Limits, change: LimitChange, undoes: str = "") -> str:
    desk.limits.keep(limits, change, command.id, desk.now_ms(), undoes)
    desk.gathered.facts[FACT] = desk.limits.as_dict()
    return change_text(change)


def change_text(change: LimitChange) -> str:
    """A change in words."""
    return f"{change.name} {change.old:g} to {change.new:g} {change.unit}: {change.direction.value}"
