"""karat data download: candles from exchanges and brokers into the lake."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import error_json, one_line, progress, say, show, show_json
from karat.core.errors import EXIT_INPUT, InputError
from karat.core.home import karat_home
from karat.core.ids import market_id
from karat.core.time import iso, parse_time_ms, timeframe_ms, timeframe_text

if TYPE_CHECKING:
    from karat.ingest.download import Coverage, Order, Progress
    from karat.ingest.downloads import Outcome

Json = Annotated[bool, Parameter(name="--json", negative="")]
Flag = Annotated[bool, Parameter(negative="")]


def download_data(
    *markets: str,
    timeframe: str = "1h",
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    replace: Flag = False,
    as_json: Json = False,
) -> int:
    """Download candles into the lake, and refill what is missing.

    Give the same command again to bring a series up to date, or to go on after a failure: it goes on where it was.
    Holes in the middle are asked for again, and the last bars are compared with what the vendor says now.

    Parameters
    ----------
    markets
        venue:SYMBOL, the symbol as the venue writes it, for example binance_perp:BTCUSDT.
    timeframe
        For example 1m or 1h; several with commas.
    from_
        The first day or time; the first bar that is there, or that the vendor has, when left out.
    to
        The day or time before which to stop; now when left out.
    replace
        Ask for every bar again, and let the vendor win where the lake differs.
    as_json
        Print one JSON object.
    """
    from karat.app.vendors import history_opener, network
    from karat.bots.system_clock import SystemClock
    from karat.ingest.budget import FolderBudget
    from karat.ingest.download import Order, Places
    from karat.ingest.downloads import download_all
    from karat.ingest.staging import downloads_folder
    from karat.lake.store import open_lake

    if not markets:
        raise InputError(
            "no_market", "There is nothing to download.", "Name markets: karat data download VENUE:SYMBOL."
        )
    begin, end = (None if text is None else parse_time_ms(text) for text in (from_, to))
    orders = [
        Order(market_id(name), timeframe_ms(text.strip()), begin, end, replace)
        for name in dict.fromkeys(markets)
        for text in timeframe.split(",")
    ]
    clock = SystemClock()
    opener = history_opener(network(), FolderBudget(karat_home() / "budget", clock))
    with progress("downloading") as status:
        told = _Told(status.update) if status else lambda _: None
        places = Places(open_lake(), clock, downloads_folder(), told)
        outcomes = asyncio.run(download_all(orders, opener, places))
    if as_json:
        show_json(_json(outcomes))
    else:
        _show(outcomes)
    return EXIT_INPUT if any(outcome.error for outcome in outcomes) else 0


class _Told:
    """Tells a person how every download stands, one line for all of them."""

    def __init__(self, update: Any) -> None:
        self._update = update
        self._lines: dict[int, str] = {}

    def __call__(self, now: Progress) -> None:
        self._lines[id(now.order)] = progress_line(now)
        if now.settled >= now.wanted:
            del self._lines[id(now.order)]
        self._update("; ".join(self._lines.values()) or "downloading")


def progress_line(now: Progress) -> str:
    """How far, how fast, how long yet."""
    line = f"{_name(now.order)}: {now.settled:,} of {now.wanted:,} bars"
    if now.settled == 0 or now.seconds <= 0:
        return line
    rate = now.settled / now.seconds
    minutes, seconds = divmod(round((now.wanted - now.settled) / rate), 60)
    return f"{line}, {rate:,.0f} a second, {f'{minutes} min {seconds} s' if minutes else f'{seconds} s'} left"


def _name(order: Order) -> str:
    return f"{order.market} {timeframe_text(order.timeframe_ms)}"


def _show(outcomes: list[Outcome]) -> None:
    from rich.table import Table

    table = Table("market", "timeframe", "first bar", "last bar", "rows", "new", "refilled", "revised", "missing")
    for outcome in outcomes:
        held = outcome.coverage
        if held is not None:
            counts = (held.rows, held.added, held.refilled, held.revised)
            table.add_row(
                outcome.order.market,
                timeframe_text(outcome.order.timeframe_ms),
                iso(held.first_ts),
                iso(held.last_ts),
                *(str(count) for count in counts),
                f"{held.missing} in {held.gaps} holes" if held.gaps else "none",
            )
    if table.row_count:
        show(table)
    notes = [note for outcome in outcomes if outcome.coverage for note in outcome.coverage.notes]
    for note in dict.fromkeys(notes):
        say(f"Note: {note}.")
    for outcome in outcomes:
        if outcome.error is not None:
            say(f"{_name(outcome.order)}: {one_line(outcome.error)}")


def _json(outcomes: list[Outcome]) -> dict[str, Any]:
    value: dict[str, Any] = {"series": [_outcome_json(outcome) for outcome in outcomes]}
    first = next((outcome.error for outcome in outcomes if outcome.error), None)
    if first is not None:
        value["error"] = error_json(first)
    return value


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    order = outcome.order
    value: dict[str, Any] = {"market": order.market, "timeframe": timeframe_text(order.timeframe_ms)}
    if outcome.error is not None:
        value["error"] = error_json(outcome.error)
    return value | (_coverage_json(outcome.coverage) if outcome.coverage else {})


def _coverage_json(held: Coverage) -> dict[str, Any]:
    return {
        "first": held.first_ts,
        "last": held.last_ts,
        "rows": held.rows,
        "new": held.added,
        "refilled": held.refilled,
        "revised": held.revised,
        "holes": held.gaps,
        "missing": held.missing,
        "notes": list(held.notes),
    }
