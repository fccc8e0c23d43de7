"""Who does what of the commands that the desk takes: one line a kind of command."""

from __future__ import annotations

from collections.abc import Mapping

from karat.bots.desk.commands import Handler

HANDLERS: Mapping[str, Handler] = {}
