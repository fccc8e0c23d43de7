"""karat data universe and karat data listings: what was listed when, and the looks that the record grows by."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import error_json, one_line, progress, say, show, show_json
from karat.core.errors import EXIT_INPUT, InputError, KaratError
from karat.core.home import karat_home
from karat.core.ids import MarketId, market_id, venue_of
from karat.core.instruments import instrument_for
from karat.core.model.instrument import Kind
from karat.core.time import iso, parse_time_ms

if TYPE_CHECKING:
    from karat.core.instruments.listings import Listings
    from karat.ingest.listing_look import Look

Json = Annotated[bool, Parameter(name="--json", negative="")]
Many = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]
_PERPETUAL = "perpetual"
_KINDS = {
    _PERPETUAL: (Kind.LINEAR, Kind.INVERSE),
    "linear": (Kind.LINEAR,),
    "inverse": (Kind.INVERSE,),
    "spot": (Kind.SPOT,),
    "equity": (Kind.EQUITY,),
}


def universe_data(venue: str, *, as_of: str, kind: str | None = None, check: Many = (), as_json: Json = False) -> None:
    """List the markets that were listed at a venue on a date, those that died since included.

    Refused where the record of listings is not complete for that date: a list of today holds only those that last.

    Parameters
    ----------
    venue
        For example binance_perp.
    as_of
        The date or time, for example 2021-01-01. A date begins at 00:00 UTC.
    kind
        perpetual, linear, inverse, spot or equity; everything the record holds when left out.
    check
        Markets as venue:SYMBOL: refuse this list if one of them was not listed then.
    as_json
        Print one JSON object.
    """
    from karat.lake.listings import listings_of
    from karat.lake.store import open_lake

    at_ms, listings = parse_time_ms(as_of), listings_of(open_lake(), _venue(venue))
    kinds = _kinds(listings, kind)
    markets = tuple(sorted(market for one in kinds for market in listings.universe(one, at_ms)))
    wanted = _of_venue(venue, check)
    if wanted:
        listings.check(wanted, kinds, at_ms)
    if as_json:
        show_json(_universe_json(listings, kinds, at_ms, markets))
        return
    for market in markets:
        show(market)
    checked = f" The {len(wanted)} that you name were among them." if wanted else ""
    say(f"{len(markets)} markets were listed on {iso(at_ms)}.{checked}")


def look_at_listings(*venues: str, as_json: Json = False) -> int:
    """Ask venues for everything they list now, and record it; downloads do the same once a day.

    Once a day, by a timer, it makes a record that is complete from the first look on.

    Parameters
    ----------
    venues
        For example binance_perp bybit_perp.
    as_json
        Print one JSON object.
    """
    if not venues:
        raise InputError("no_venue", "There is no venue to look at.", "Name some: karat data listings binance_perp.")
    with progress("looking"):
        outcomes = asyncio.run(_look_at([_venue(one) for one in dict.fromkeys(venues)]))
    failed = {venue: one for venue, one in outcomes.items() if isinstance(one, KaratError)}
    looks = {venue: one for venue, one in outcomes.items() if not isinstance(one, KaratError)}
    if as_json:
        show_json(_looks_json(looks, failed))
    else:
        for venue, one in looks.items():
            new = f"{one.listed} new, {one.delisted} ended, {one.grids} ticks and lots"
            show(f"{venue}: {one.markets} markets on {iso(one.at_ms)}; {new}.")
        for venue, error in failed.items():
            say(f"{venue}: {one_line(error)}")
    return EXIT_INPUT if failed else 0


async def _look_at(venues: list[str]) -> dict[str, Look | KaratError]:
    from karat.app.vendors import list_opener, network
    from karat.bots.system_clock import SystemClock
    from karat.ingest.budget import FolderBudget
    from karat.ingest.listing_look import look
    from karat.ingest.patience import patiently
    from karat.lake.store import open_lake

    lake, clock = open_lake(), SystemClock()
    opener = list_opener(network(), FolderBudget(karat_home() / "budget", clock))

    async def one(venue: str) -> Look | KaratError:
        try:
            history = opener(venue)
        except KaratError as error:
            return error
        try:
            now_ms = await patiently(history.now_ms, clock)
            return await look(history, venue, lake, clock, now_ms)
        except KaratError as error:
            return error
        finally:
            await history.close()

    return dict(zip(venues, await asyncio.gather(*map(one, venues)), strict=True))


def _venue(text: str) -> str:
    return venue_of(market_id(f"{text}:X"))


def _kinds(listings: Listings, kind: str | None) -> tuple[Kind, ...]:
    if kind is None:
        return listings.kinds or (instrument_for(market_id(f"{listings.venue}:X"), None).kind,)
    if kind not in _KINDS:
        raise InputError("unknown_kind", f"There is no kind '{kind}'.", f"Choose {', '.join(_KINDS)}.")
    there = tuple(one for one in _KINDS[kind] if one in listings.kinds)
    return there or _KINDS[kind]


def _of_venue(venue: str, names: tuple[str, ...]) -> list[MarketId]:
    markets = [market_id(name if ":" in name else f"{venue}:{name}") for name in names]
    other = next((market for market in markets if venue_of(market) != venue), None)
    if other is not None:
        raise InputError("other_venue", f"{other} is no market of {venue}.", "Check each venue by itself.")
    return markets


def _universe_json(
    listings: Listings, kinds: tuple[Kind, ...], at_ms: int, markets: tuple[MarketId, ...]
) -> dict[str, Any]:
    complete = {one.name.lower(): [list(period) for period in listings.complete(one)] for one in kinds}
    return {"venue": listings.venue, "as_of": at_ms, "markets": list(markets), "complete": complete}


def _looks_json(looks: dict[str, Look], failed: dict[str, KaratError]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {
            "venue": one.venue,
            "at": one.at_ms,
            "markets": one.markets,
            "listed": one.listed,
            "delisted": one.delisted,
            "grids": one.grids,
        }
        for one in looks.values()
    ]
    rows += [{"venue": venue, "error": error_json(error)} for venue, error in failed.items()]
    told: dict[str, Any] = {"venues": rows}
    if failed:
        told["error"] = error_json(next(iter(failed.values())))
    return told
