"""karat bots set: parameters of a bot, changed while it lives."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated, Any

from cyclopts import Parameter

from karat.app.asking import ask_desk, me
from karat.app.console import say, show
from karat.core.errors import InputError, RetryLater
from karat.core.ids import BotId
from karat.core.time import iso
from karat.journal import journal_is_there, open_journal

Pairs = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]


def set_parameters(
    name: str, *, values: Annotated[Pairs, Parameter(name=["--set"])] = (),
    undo: Annotated[bool, Parameter(negative="")] = False,
    history: Annotated[bool, Parameter(negative="")] = False,
) -> None:  # fmt: skip
    """Change parameters of a bot. They count from its next decision on.

    Parameters
    ----------
    name
        As karat bots list names it.
    values
        fast_period=10 slow_period=40, within the bounds that karat strategies show tells.
    undo
        Put back what counted before the newest change.
    history
        Show every change instead.
    """
    from karat.bots.desk.parameters import changes_of
    from karat.research.backtest_policy import pairs
    from karat.strategies import find_strategy, resolve

    if not journal_is_there():
        raise InputError("no_bot", "There is no bot that could do that.", "Create one: karat bots create NAME.")
    with closing(open_journal()) as journal:
        record = journal.bot(BotId(name))
        if history:
            changes = changes_of(journal.facts(), record.id)
            for one in changes:
                show(f"{iso(one['at_ms'])}  bar {one['bar']:,}  {one['who']}: {_words(one)}")
            if not changes:
                say(f"The parameters of {record.name} were never changed.")
            return
        if undo == bool(values):
            raise InputError("bad_pair", "Nothing to change is given.", "Give --set NAME=VALUE, or --undo.")
        payload: dict[str, Any] = {"bot": record.id, "undo": True}
        if not undo:
            wanted = resolve(find_strategy(record.strategy), {**record.parameters, **pairs(values, "--set")})
            given = {key.partition("=")[0] for key in values}
            payload = {"bot": record.id, "values": {key: wanted.as_dict()[key] for key in given}}
        answer = ask_desk(journal, "bots.set", payload, me())
    if answer is None:
        raise RetryLater(
            "command_waits", "The process that runs the bots has not answered yet.", "It will: look again."
        )
    if not answer.done:
        raise InputError("command_refused", answer.answer)
    show(answer.answer)


def _words(change: dict[str, Any]) -> str:
    before, after = change["before"], change["after"]
    return ", ".join(f"{key} {before.get(key)} -> {value}" for key, value in after.items() if before.get(key) != value)
