"""The kill switch of the fleet, as a pure reducer: it latches at once, and stays latched until the venue is seen flat.

1. Anybody may pull it, for any reason, any number of times; the first reason is kept.
2. It is released by a person alone, and only after the venue was seen without positions and without orders since the
   last pull. Time, restarts and exceptions release nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

NO_REASON = "no reason was given"


@dataclass(frozen=True, slots=True)
class KillState:
    """Whether it is latched, since when and why, and whether the venue was seen flat since the last pull."""

    latched: bool = False
    reason: str = ""
    since_ms: int | None = None
    flat_seen: bool = False
    last_word: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For the journal; `kill_state_of` reads it back after a restart."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class KillPulled:
    """Somebody or something pulled it."""

    reason: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class VenueSeen:
    """What reconciliation saw at the venue, stops included; None is unknown, which is not flat."""

    positions: int | None
    orders: int | None


@dataclass(frozen=True, slots=True)
class KillReleaseAsked:
    """A person asks for its release, by name."""

    who: str


KillEvent = KillPulled | VenueSeen | KillReleaseAsked


def after_kill_event(state: KillState, event: KillEvent) -> KillState:
    """The state after an event. `last_word` says why a release was not given."""
    if isinstance(event, KillPulled):
        reason, since = (state.reason, state.since_ms) if state.latched else (event.reason, event.at_ms)
        return KillState(True, reason, since, False, "")
    if isinstance(event, VenueSeen):
        flat = event.positions == 0 and event.orders == 0
        return replace(state, flat_seen=flat) if state.latched else state
    if not state.latched:
        return replace(state, last_word="the kill switch is not latched")
    if not event.who:
        return replace(state, last_word="a release needs a name")
    if not state.flat_seen:
        return replace(state, last_word="the venue was not seen flat since")
    return KillState(last_word=f"released by {event.who}")


def kill_state_of(told: Mapping[str, Any]) -> KillState:
    """The state that `KillState.as_dict` told of; nothing told is not latched. Anything else that is told counts as
    pulled: what cannot be understood lets nothing through."""
    if not told:
        return KillState()
    state = KillState(**told) if told.keys() == KillState().as_dict().keys() else KillState(True, str(told))
    return replace(state, reason=state.reason or NO_REASON) if state.latched else state
