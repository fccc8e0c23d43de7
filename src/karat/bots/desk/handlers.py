"""Who does what of the commands that the desk takes: one line a kind of command."""

from __future__ import annotations

from collections.abc import Mapping

from karat.bots.desk.commands import Handler
from karat.bots.desk.limit_book import set_limit, undo_limit

HANDLERS: Mapping[str, Handler] = {"limits.set": set_limit, "limits.undo": undo_limit}
