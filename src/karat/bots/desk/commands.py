"""What people ask of the desk, done between its steps: each command once, with what became of it.

1. `karat.bots.desk.handlers` says who does what. A handler changes the desk, gathers what there is to write, and
   returns the words of the answer. It raises a KaratError to refuse, before it has changed anything; RetryLater leaves
   the command waiting. A content of which it can make nothing is refused as well (`malformed_command`).
2. The change, the event COMMAND and the answer are written in one transaction. Killed before it, the command waits
   still; after it, it is not there any more. While it cannot be written it is not done a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from karat.bots.desk.desk import Desk
from karat.core.errors import KaratError, RetryLater
from karat.ports.cockpit import EventKind
from karat.ports.commands import CommandAsked, CommandTaken

Handler = Callable[[Desk, CommandAsked], str]


class Commands:
    """The inbox of one desk. `handlers` by the kind of command."""

    def __init__(self, desk: Desk, handlers: Mapping[str, Handler]) -> None:
        self._desk = desk
        self._handlers = handlers
        self._seen: set[str] = set()

    def tick(self) -> int:
        """Take what waits, and how many were taken. Nothing while the journal cannot be read."""
        desk = self._desk
        try:
            waiting = desk.journal.commands_waiting()
        except RetryLater:
            return 0
        names = {command.id for command in waiting}
        self._seen &= names  # those that are written are not told of again
        fresh = [command for command in waiting if command.id not in self._seen]
        with desk.outbox.together():
            taken = sum(self._take(command) for command in fresh)
        if taken:
            desk.flush()
        return taken

    def _take(self, command: CommandAsked) -> bool:
        """Do one of them. False where it has to wait."""
        handler = self._handlers.get(command.kind)
        payload: dict[str, Any] = {"id": command.id, "command": command.kind, "who": command.who}
        payload["asked"] = dict(command.payload)
        try:
            if handler is None:
                raise KaratError("unknown_command", f"There is no command {command.kind}.")
            words, done = handler(self._desk, command), True
        except RetryLater:
            return False
        except KaratError as error:
            words, done, payload["code"] = error.message, False, error.code
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            # a content that no handler foresaw would stay in the inbox for ever, before everything else that waits
            words, done, payload["code"] = f"It makes no sense: {error}.", False, "malformed_command"
        self._seen.add(command.id)
        payload["done"] = done
        gathered = self._desk.gathered
        gathered.taken.append(CommandTaken(command.id, done, words))
        text = f"{command.who or 'somebody'}: {words}" if done else f"{command.kind} was refused: {words}"
        gathered.tell(None, EventKind.COMMAND, text, payload, command.id)
        return True
