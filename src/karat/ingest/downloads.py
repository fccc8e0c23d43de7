"""Download several series: venues side by side, the series of one venue one after the other.

A series that fails leaves the others alone. Every venue has one connection and its hosts' place in the request budget.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from karat.core.errors import KaratError
from karat.core.ids import venue_of
from karat.ingest.download import Coverage, Order, Places, download
from karat.ingest.listing_look import look_in_passing
from karat.ports.history import History


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one order: its coverage, or why there is none."""

    order: Order
    coverage: Coverage | None
    error: KaratError | None


async def download_all(
    orders: Sequence[Order], open_history: Callable[[str], History], places: Places
) -> list[Outcome]:
    """Every order's outcome, in their order. `open_history` gives the adapter of a venue, or raises InputError."""
    venues = dict.fromkeys(venue_of(order.market) for order in orders)
    groups = [[order for order in orders if venue_of(order.market) == venue] for venue in venues]
    found = await asyncio.gather(*(_one_venue(group, open_history, places) for group in groups))
    outcomes = {id(outcome.order): outcome for group in found for outcome in group}
    return [outcomes[id(order)] for order in orders]


async def _one_venue(orders: list[Order], open_history: Callable[[str], History], places: Places) -> list[Outcome]:
    try:
        history = open_history(venue_of(orders[0].market))
    except KaratError as error:
        return [Outcome(order, None, error) for order in orders]
    try:
        outcomes = [await _one(order, history, places) for order in orders]
        if any(outcome.coverage for outcome in outcomes):
            await look_in_passing(history, venue_of(orders[0].market), places.lake, places.clock)
        return outcomes
    finally:
        await history.close()


async def _one(order: Order, history: History, places: Places) -> Outcome:
    try:
        return Outcome(order, await download(order, history, places), None)
    except KaratError as error:
        return Outcome(order, None, error)
