"""Parameters of a running bot, changed by command: within the strategy's bounds, from the next decision on, undoable.

The bot's record holds what counts now. What counted before, from which bar on and who changed it stands in the fact
`parameters:BOT`, so that a decision can be understood, and repeated, with the parameters that it was made with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from karat.bots.desk.desk import Desk
from karat.core.errors import InputError, RetryLater
from karat.core.ids import BotId
from karat.ports.commands import CommandAsked
from karat.ports.journal import BotRecord
from karat.strategies import Strategy, Values, resolve

Plain = Mapping[str, bool | int | float]


def fact_of(bot: BotId) -> str:
    """Under which name the changes of a bot stand."""
    return f"parameters:{bot}"


def changes_of(facts: Mapping[str, Mapping[str, Any]], bot: BotId) -> list[dict[str, Any]]:
    """Every change, oldest first: `bar` is the first whose decision has the parameters of `after`."""
    return [dict(one) for one in facts.get(fact_of(bot), {}).get("changes", ())]


def segments_of(record: BotRecord, changes: list[dict[str, Any]]) -> list[tuple[int, Plain]]:
    """(first bar, parameters) of each stretch of the bot's life, from bar 0 on."""
    first: Plain = changes[0]["before"] if changes else record.parameters
    return [(0, first), *((int(one["bar"]), one["after"]) for one in changes)]


def wanted_values(
    strategy: Strategy, record: BotRecord, changes: list[dict[str, Any]], asked: Mapping[str, Any]
) -> Values:
    """What a command asks for: `values` to set, or with `undo` those before the newest change. Raises InputError
    `nothing_to_undo`, `nothing_changes`, and what `resolve` raises."""
    if asked.get("undo"):
        if not changes:
            raise InputError("nothing_to_undo", f"The parameters of '{record.name}' were never changed.")
        values = resolve(strategy, changes[-1]["before"])
    else:
        values = resolve(strategy, {**record.parameters, **asked.get("values", {})})
    if values.as_dict() == dict(record.parameters):
        raise InputError("nothing_changes", f"'{record.name}' has these parameters already.")
    return values


def change_parameters(
    desk: Desk, record: BotRecord, values: Values, bar: int, command: CommandAsked, changes: list[dict[str, Any]]
) -> str:
    """Gather the change, to count from the decision of `bar` on; the words for it."""
    after = values.as_dict()
    told = {name: (record.parameters.get(name), value) for name, value in after.items()}
    change = {
        "id": command.id, "at_ms": command.at_ms, "who": command.who, "bar": bar,
        "before": dict(record.parameters), "after": after,
    }  # fmt: skip
    desk.gathered.parameters[record.id] = after
    desk.gathered.facts[fact_of(record.id)] = {"changes": [*changes, change]}
    words = ", ".join(f"{name} {old} -> {new}" for name, (old, new) in told.items() if old != new)
    return f"{record.name}: {words}, from bar {bar:,} on"


class ParameterCommand:
    """The command `bots.set`, of a bot that runs and of one that will. `speak_as` has a running bot ask with other
    values from now on and says the bar of its next decision, None where it does not run."""

    def __init__(
        self, strategy_of: Callable[[str], Strategy], speak_as: Callable[[BotId, Strategy, Values], int | None]
    ) -> None:
        self._strategy_of = strategy_of
        self._speak_as = speak_as

    def __call__(self, desk: Desk, command: CommandAsked) -> str:
        record = desk.journal.bot(BotId(str(command.payload.get("bot"))))
        if record.id in desk.gathered.parameters:
            raise RetryLater("change_under_way", "A change of these parameters is being written.")
        strategy = self._strategy_of(record.strategy)
        changes = changes_of(desk.journal.facts(), record.id)
        values = wanted_values(strategy, record, changes, command.payload)
        bar = self._speak_as(record.id, strategy, values)
        if bar is None:
            bar = desk.journal.status(record.id).bars
        return change_parameters(desk, record, values, bar, command, changes)
