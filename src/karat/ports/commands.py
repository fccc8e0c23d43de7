"""What people ask of running bots. Any process may ask; the desk that has the lease does it and says what came of it.

1. A command has an id for ever. Asked twice under one id it is asked once, and it is done once.
2. It waits in the journal until a desk takes it: at the start, and on every tick of the watch after that.
3. What it changed, the event that tells of it and the answer are written in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CommandAsked:
    """What somebody wants done. `kind` names it ("limits.set"), `payload` holds its particulars (JSON), `who` asked, at
    `at_ms` by the clock on the wall."""

    id: str
    at_ms: int
    who: str
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class CommandTaken:
    """What became of a command: whether it was done, and the words for it; of one that was not, why not."""

    id: str
    done: bool
    answer: str


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command as it stands. `taken` is the number of the newest event of the transaction in which a desk took it,
    None while it waits; `done` and `answer` are as in `CommandTaken`."""

    asked: CommandAsked
    taken: int | None
    done: bool
    answer: str
