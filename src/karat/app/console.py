"""What the command line says and where.

Standard output carries results only: tables, or with `--json` one JSON value. Progress and words go to standard error.
An expected failure is one line there, or `{"error": {...}}` on standard output with `--json`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from karat.app.key_ring import REDACTION
from karat.core.errors import EXIT_INPUT, InputError, KaratError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.status import Status

EXIT_INTERRUPTED = 130
WORDS: ContextVar[tuple[str, ...]] = ContextVar("words")  # of the command that runs: what a job is made of
_WIDTH_WHEN_PIPED = 200


def out() -> Console:
    """The console for results. Piped output is wide, so that a table's rows stay lines."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else _WIDTH_WHEN_PIPED, highlight=False)


def err() -> Console:
    """The console for progress and words."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def show(result: RenderableType) -> None:
    """Print a result for people."""
    out().print(result)


def say(text: str) -> None:
    """Print words to standard error, as they are."""
    print(text, file=sys.stderr)


def show_json(value: Any) -> None:
    """Print the one JSON value of a command. NaN and infinity are programmer errors: see `undefined`."""
    print(json.dumps(value, allow_nan=False))


def undefined(why: str) -> dict[str, str]:
    """How JSON writes a value that does not exist (json.md)."""
    return {"undefined": why}


def error_json(error: KaratError) -> dict[str, str]:
    """How JSON writes an expected failure (json.md)."""
    return {"code": error.code, "message": error.message, "hint": error.hint}


def show_failure(error: KaratError, *, as_json: bool) -> int:
    """Tell of an expected failure in one line, or in JSON. Returns the exit code."""
    clean = REDACTION.clean
    if as_json:
        show_json({"error": {name: clean(text) for name, text in error_json(error).items()}})
    else:
        say(clean(one_line(error)))
    return EXIT_INPUT


def one_line(error: KaratError) -> str:
    """Message and hint without line breaks."""
    return " ".join(f"Error: {_sentence(error.message)} {error.hint}".split())


def mistyped(message: str, hint: str) -> InputError:
    """What to raise when the command line itself cannot be understood."""
    return InputError("bad_command", " ".join(message.split()), hint)


@contextmanager
def progress(text: str) -> Generator[Status | None]:
    """A moving line on standard error while something runs; nothing when no person watches."""
    if not sys.stderr.isatty():
        yield None
        return
    with err().status(text) as status:
        yield status


def wants_json(words: Sequence[str]) -> bool:
    """Whether a command was asked for JSON; what comes behind -- is not for it."""
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def close_pipe() -> None:
    """The reader of our output has gone: keep the interpreter from complaining about it while it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
