"""karat bots halt and karat bots resume: hold one bot's entries back, and let it go on."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

from cyclopts import Parameter

from karat.app.console import say
from karat.core.errors import InputError

EXIT_FAILED = 1


def halt_bot(name: str, reason: str) -> int:
    """Hold a bot's entries back. What it has open keeps its stop and its exits.

    Parameters
    ----------
    name
        As karat bots list names it.
    reason
        Why, in words.
    """
    return _ask("bot.halt", {"bot": name, "reason": reason})


def resume_bot(name: str | None = None, *, all_: Annotated[bool, Parameter(name="--all", negative="")] = False) -> int:
    """Let a halted bot go on, unless what halted it is still so.

    Parameters
    ----------
    name
        As karat bots list names it.
    all_
        Every halted bot, and the end of safe mode.
    """
    if (name is None) != all_:
        raise InputError("bad_command", "One bot, or all of them?", "Use karat bots resume NAME, or --all.")
    return _ask("fleet.resume", {}) if name is None else _ask("bot.resume", {"bot": name})


def _ask(kind: str, payload: dict[str, str]) -> int:
    from karat.app.asking import ask_desk, me
    from karat.app.bot_commands import journal_if_any, no_bot
    from karat.core.ids import BotId

    journal = journal_if_any()
    if journal is None:
        raise no_bot()
    with closing(journal):
        if "bot" in payload:
            journal.bot(BotId(payload["bot"]))
        found = ask_desk(journal, kind, payload, me())
    if found is None:
        say("It waits: the process that runs the bots has not taken it yet.")
        return EXIT_FAILED
    say(found.answer)
    return 0 if found.done else EXIT_FAILED
