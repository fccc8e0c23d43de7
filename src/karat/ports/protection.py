"""Whether a bot's position is protected by a stop, and for how long positions of it were not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from karat.core.ids import BotId

COVER = "cover:"


class Cover(StrEnum):
    """How a bot's position stands."""

    FLAT = "flat"  # nothing is held
    COVERED = "covered"  # a stop covers all of it
    BARE = "bare"  # a stop is due, and is not there or not for all of it
    NO_STOP = "no_stop"  # its policy sets none


@dataclass(frozen=True, slots=True)
class Protection:
    """`unprotected_seconds` are those of the bot's whole life in which a stop was due at the venue and not there whole,
    as far as they were seen; 0 on paper, where stops fill with the bar."""

    cover: Cover
    unprotected_seconds: float


def cover_fact(bot: BotId) -> str:
    """The name under which the journal keeps it: `unprotected_ms`, and `bare` with the time of the last look
    (`seen_ms`) while a stop is missing."""
    return f"{COVER}{bot}"
