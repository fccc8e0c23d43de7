"""Whether a bot's position is covered, out of the journal: for the page and for the terminal alike."""

from __future__ import annotations

from karat.core.ids import BotId
from karat.kernel.state import State
from karat.ports.journal import JournalReader
from karat.ports.protection import Cover, Protection, cover_fact


def protection_of(journal: JournalReader, bot: BotId, state: State | None) -> Protection:
    """As the desk saw it last. `state` is the bot's after its last bar, None before the first."""
    told = journal.fact(cover_fact(bot))
    return Protection(_cover(state, bare=bool(told.get("bare"))), told.get("unprotected_ms", 0) / 1000)


def _cover(state: State | None, *, bare: bool) -> Cover:
    if state is None or not state.holding.side:
        return Cover.FLAT
    if bare:
        return Cover.BARE
    return Cover.COVERED if state.levels.has_stop else Cover.NO_STOP
