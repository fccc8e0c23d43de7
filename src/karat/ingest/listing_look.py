"""Look at a venue's whole list and record what it says: every look makes the record of listings a day longer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from karat.core.errors import KaratError, RetryLater
from karat.core.instruments.listings import Event, Listings, Seen
from karat.core.model.instrument import Kind
from karat.core.time import HOUR_MS
from karat.ingest.keep import changing
from karat.ingest.patience import patiently
from karat.lake.listings import last_look_ms, listings_in, listings_of, record_listings
from karat.ports.clock import Clock
from karat.ports.history import History
from karat.ports.lake import Lake, LakeChange

FEW_GONE, SHARE_GONE = 5, 0.25
LOOKS_APART_MS = 20 * HOUR_MS  # in passing: once a day, at whatever hour somebody downloads


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a venue found: markets that are traded now, and how many events were new."""

    venue: str
    at_ms: int
    markets: int
    listed: int
    delisted: int
    grids: int


async def look(history: History, venue: str, lake: Lake, clock: Clock, at_ms: int) -> Look:
    """Record the venue's list of `at_ms`, empty for a vendor without one. Raises what its adapter and the lake raise,
    and RetryLater `list_shrunk`."""
    kinds = await patiently(lambda: history.listed(at_ms), clock)

    def record(change: LakeChange) -> Look:
        known = listings_in(change, venue)
        _refuse_a_part(history, known, kinds, at_ms)
        facts = [
            fact
            for kind, listed in kinds.items()
            for fact in known.observed(kind, at_ms, listed, f"the list of {history.venue}")
        ]
        record_listings(change, venue, facts)
        counts = {event: sum(fact.event is event for fact in facts) for event in Event}
        now = sum(
            seen.delisted_ms is None or seen.delisted_ms > at_ms for one in kinds.values() for seen in one.values()
        )
        return Look(venue, at_ms, now, counts[Event.LISTED], counts[Event.DELISTED], counts[Event.GRID])

    return await changing(lake, clock, record)


def _refuse_a_part(history: History, known: Listings, kinds: Mapping[Kind, Mapping[str, Seen]], at_ms: int) -> None:
    """A venue does not end half of its markets in a day; one that is being mended may list half of them."""
    for kind, listed in kinds.items():
        before = known.listed_at(kind, at_ms)
        gone = len(before - listed.keys())
        if gone > max(FEW_GONE, SHARE_GONE * len(before)):
            message = f"{history.venue} lists {gone} of its {len(before)} {kind.name.lower()} markets no more."
            hint = "That is more than a venue ends at once: look again later. Nothing was recorded."
            raise RetryLater("list_shrunk", message, hint)


async def look_in_passing(history: History, venue: str, lake: Lake, clock: Clock) -> None:
    """The same, once a day, where an adapter has loaded the list anyway. A look that fails is made another time: it
    must not spoil the download that it comes with."""
    now_ms = clock.now_ms()
    last_ms = last_look_ms(listings_of(lake, venue))
    if last_ms is not None and 0 <= now_ms - last_ms < LOOKS_APART_MS:
        return
    try:
        await look(history, venue, lake, clock, now_ms)
    except KaratError:
        return
