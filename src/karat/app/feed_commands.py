"""karat data inputs and karat data refresh: the series that strategies may declare, and where they come from."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import progress, say, show, show_json
from karat.core.errors import EXIT_INPUT
from karat.core.ids import MarketId, market_id
from karat.core.inputs import Input, known_inputs
from karat.core.instruments import instrument_for
from karat.core.time import iso, timeframe_text

if TYPE_CHECKING:
    from karat.core.model.source_state import DataState

Json = Annotated[bool, Parameter(name="--json", negative="")]
Names = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]
_DEADLINE_SECONDS = 30.0


def list_inputs(*, as_json: Json = False) -> None:
    """List every series that a strategy may declare, and how long after its time a value counts as known.

    Parameters
    ----------
    as_json
        Print one JSON list.
    """
    from karat.lake.store import open_lake

    stored = {entry.name: entry for entry in open_lake().tables()}
    told = [_input_json(one) for one in known_inputs()]
    for row, one in zip(told, known_inputs(), strict=True):
        owners = [name.owner for name in stored if (name.kind, name.variant) == (one.kind, one.variant)]
        fixed = [owner for owner in owners if owner == one.owner or "{" in one.owner]
        row["stored"] = sorted(fixed)
    if as_json:
        show_json(told)
    else:
        _show_inputs(told)


def refresh_data(
    *,
    vendor: Names = (),
    market: Names = (),
    all_now: Annotated[bool, Parameter(negative="")] = False,
    as_json: Json = False,
) -> int:
    """Ask every vendor for what is due, side by side, and say how fresh each series is.

    Parameters
    ----------
    vendor
        Only these: binance_derivatives, coinglass, alternative_me, yahoo, fred, coingecko, defillama, cryptoquant,
        news.
    market
        Markets whose own series are wanted, venue:SYMBOL; every perpetual of the lake when left out.
    all_now
        Ask for everything, due or not.
    as_json
        Print one JSON list.
    """
    from karat.app.feeds import chosen_feeds
    from karat.lake.store import open_lake

    feeds, left_out = chosen_feeds(vendor)
    for line in left_out:
        say(line)
    lake = open_lake()
    perpetuals = {entry.market for entry in lake.list() if entry.has_funding}
    wanted = sorted(market_id(text) for text in market) if market else sorted(perpetuals)
    markets = {one: instrument_for(one, None).base for one in wanted}
    with progress(f"asking {', '.join(feed.name for feed in feeds)}"):
        state = asyncio.run(_synced(feeds, markets, all_now=all_now))
    if as_json:
        show_json(_state_json(state))
    else:
        _show_state(state)
    return EXIT_INPUT if any(one.reason for one in state.sources) else 0


async def _synced(feeds: Any, markets: dict[MarketId, str], *, all_now: bool) -> DataState:
    from karat.app.feeds import open_sources
    from karat.bots.system_clock import SystemClock
    from karat.ingest.data_sync import DataSync
    from karat.lake.store import open_lake

    clock = SystemClock()
    async with open_sources(feeds, clock, markets) as sources:
        return await DataSync(open_lake(), clock, sources, deadline_seconds=_DEADLINE_SECONDS).sync(all_now=all_now)


def _input_json(one: Input) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "owner": one.owner,
        "variant": one.variant,
        "column": one.column,
        "key": one.key,
        "unit": one.unit,
        "covers_ms": one.covers_ms,
        "delay_ms": one.delay_ms,
        "why": one.why,
        "source": one.source,
    }


def _show_inputs(told: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("name", "unit", "known after", "why", "in the lake for")
    for row in told:
        name = f"{row['name']}@{row['key'].upper()}" if row["key"] else row["name"]
        delay = timeframe_text(row["delay_ms"]) if row["delay_ms"] else "at its time"
        table.add_row(name, row["unit"], delay, row["why"], ", ".join(row["stored"]))
    show(table)


def _state_json(state: DataState) -> list[dict[str, Any]]:
    return [
        {
            "source": one.source,
            "state": one.condition.name.lower(),
            "newest": one.newest,
            "stale_ms": one.stale_ms,
            "reason": one.reason,
        }
        for one in state.sources
    ]


def _show_state(state: DataState) -> None:
    from rich.table import Table

    table = Table("source", "state", "newest value", "stale by")
    for one in state.sources:
        newest = "" if one.newest is None else iso(one.newest)
        table.add_row(one.source, one.condition.name.lower(), newest, _minutes(one.stale_ms))
    if table.row_count:
        show(table)
    for reason in dict.fromkeys(one.reason for one in state.sources if one.reason):
        sources = [one.source for one in state.sources if one.reason == reason]
        more = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
        say(f"{sources[0]}{more}: {reason}")


def _minutes(milliseconds: int) -> str:
    return f"{milliseconds // 60_000:,} min" if milliseconds else ""
