"""karat logs: what happened, readably."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from typing import Annotated

from cyclopts import Parameter

from karat.app.console import show_json
from karat.app.log_reading import Line, Tail, lines_of, wanted
from karat.app.settings import LOG_LEVELS
from karat.core.errors import InputError

LINES = 200
LINES_MAX = 1_000_000
LOOK_SECONDS = 0.5


def show_logs(
    *, bot: str | None = None, order: str | None = None, level: str | None = None, lines: int = LINES,
    follow: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:  # fmt: skip
    """Print what was logged last, oldest first.

    Parameters
    ----------
    bot
        Only what is about this bot.
    order
        Only what is about this order, or the intent that it came from.
    level
        This level and graver ones: debug, info, warning or error.
    lines
        How many at most.
    follow
        Go on with what is added, until Ctrl+C.
    as_json
        The lines as they were written, as one JSON array.
    """
    from karat.app.logs import logs_folder

    if level is not None and level not in LOG_LEVELS:
        raise InputError("bad_level", f"{level} is no level.", f"Use {', '.join(LOG_LEVELS)}.")
    if not 1 <= lines <= LINES_MAX:
        raise InputError("bad_count", f"{lines} lines cannot be shown.", f"Use 1 to {LINES_MAX}.")
    if follow and as_json:
        raise InputError("bad_command", "--json is one value, and --follow has no end.", "Choose one of them.")
    is_wanted = wanted(bot, order, level, LOG_LEVELS)
    tail = Tail(logs_folder())
    found = list(deque(filter(is_wanted, lines_of(logs_folder())), maxlen=lines))
    if as_json:
        show_json(found)
        return
    for line in found:
        print(readable(line))
    while follow:
        for line in filter(is_wanted, tail.more()):
            print(readable(line), flush=True)
        with contextlib.suppress(InterruptedError):
            time.sleep(LOOK_SECONDS)


def readable(line: Line) -> str:
    """One line for people: when, how grave, where, about what, and then the exception, if any."""
    when = line["ts"].replace("T", " ").rstrip("Z")
    about = " ".join(
        f"{name}={line[name]}" for name in ("bot", "intent", "order", "code") if line.get(name) is not None
    )
    told = f"{when} {line['level']:<7} {line['room']:<8} {line['event']}"
    more = [f"    {text}" for name in ("exception", "stack") for text in str(line.get(name, "")).splitlines()]
    return "\n".join([f"{told}  {about}".rstrip(), *more])
