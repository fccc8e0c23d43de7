"""Download several series: venues side by side, the series of one venue one after the other.

1. A series that fails leaves the others alone. Every venue has one connection and its hosts' place in the request
   budget.
2. Where a venue was down for two series in a row, each asked for patiently, the others are `not_asked` for.
3. What goes with a market's candles (`Order.if_any`) is left out where the candles failed, and where there is none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from karat.core.errors import InputError, KaratError, RetryLater
from karat.core.ids import venue_of
from karat.core.time import iso
from karat.ingest.download import download
from karat.ingest.listing_look import look_in_passing
from karat.ingest.orders import Coverage, Order, Places
from karat.ports.history import History

_DOWN = ("vendor_down", "host_on_hold")
_DOWN_IN_A_ROW = 2
_NOT_THERE = ("kind_unknown", "no_funding")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one order: its coverage, or why there is none. `note`: why an order `if_any` brought nothing."""

    order: Order
    coverage: Coverage | None
    error: KaratError | None
    note: str = ""


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
        outcomes = await _in_turn(orders, history, places)
        if any(outcome.coverage for outcome in outcomes):
            await look_in_passing(history, venue_of(orders[0].market), places.lake, places.clock)
        return outcomes
    finally:
        await history.close()


async def _in_turn(orders: list[Order], history: History, places: Places) -> list[Outcome]:
    outcomes: list[Outcome] = []
    down: list[KaratError] = []
    for order in orders:
        if order.if_any and not any(one.coverage for one in outcomes if one.order.market == order.market):
            outcomes.append(Outcome(order, None, None))
        elif len(down) >= _DOWN_IN_A_ROW:
            hint = "Nothing is lost: give the same command again later."
            outcomes.append(Outcome(order, None, RetryLater("not_asked", down[-1].message, hint)))
        else:
            outcomes.append(await _one(order, history, places))
            error = outcomes[-1].error
            down = [*down, error] if error is not None and error.code in _DOWN else []
    return outcomes


async def _one(order: Order, history: History, places: Places) -> Outcome:
    try:
        return Outcome(order, await download(order, history, places), None)
    except KaratError as error:
        if order.if_any and error.code in _NOT_THERE:
            return Outcome(order, None, None, "" if error.code == "no_funding" else f"{error.message} {error.hint}")
        return Outcome(order, None, _with_what_stays(error, order, places))


def _with_what_stays(error: KaratError, order: Order, places: Places) -> KaratError:
    """A symbol that the lake has and the vendor does not know any more has most likely been delisted."""
    ends = [entry.last_ts for entry in places.lake.list() if entry.market == order.market]
    if error.code != "symbol_unknown" or not ends:
        return error
    hint = f"It may have been delisted or renamed; what the lake has of it, to {iso(max(ends))}, stays."
    return InputError(error.code, error.message, hint)
