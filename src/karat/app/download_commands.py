"""karat data download: candles from exchanges and brokers into the lake, and what goes with those of perpetuals."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import error_json, mistyped, one_line, progress, say, show, show_json
from karat.core.errors import EXIT_INPUT, InputError
from karat.core.home import karat_home
from karat.core.ids import MarketId, market_id, venue_of
from karat.core.time import HOUR_MS, iso, parse_time_ms, timeframe_ms, timeframe_text

if TYPE_CHECKING:
    from karat.ingest.downloads import Outcome
    from karat.ingest.orders import Coverage, Order, Progress

BESIDE = ("funding", "mark")
NOT_ASKED = "not_asked"

Json = Annotated[bool, Parameter(name="--json", negative="")]
Flag = Annotated[bool, Parameter(negative="")]


def download_data(
    *markets: str,
    timeframe: str = "1h",
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    with_: Annotated[str | None, Parameter(name="--with")] = None,
    replace: Flag = False,
    ask_again: Flag = False,
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
    with_
        What else of each market: funding, mark, both with a comma, or none. For perpetuals both, as far as the venue
        has them, when left out.
    replace
        Ask for every bar again, and let the vendor win where the lake differs.
    ask_again
        Ask also for bars that the vendor did not have when it was asked last.
    as_json
        Print one JSON object.
    """
    from karat.app.vendors import history_opener, network
    from karat.bots.system_clock import SystemClock
    from karat.ingest.budget import FolderBudget
    from karat.ingest.downloads import download_all
    from karat.ingest.orders import Order, Places
    from karat.ingest.staging import downloads_folder
    from karat.lake.store import open_lake

    if not markets:
        raise InputError(
            "no_market", "There is nothing to download.", "Name markets: karat data download VENUE:SYMBOL."
        )
    begin, end = (None if text is None else parse_time_ms(text) for text in (from_, to))
    wanted = [Order(MarketId(""), timeframe_ms(text.strip())) for text in timeframe.split(",")] + _beside(with_)
    orders = [
        dataclasses.replace(one, market=market_id(name), from_ms=begin, to_ms=end, replace=replace, ask_again=ask_again)
        for name in dict.fromkeys(markets)
        for one in wanted
    ]
    clock = SystemClock()
    opener = history_opener(network(), FolderBudget(karat_home() / "budget", clock))
    with progress("downloading") as status:
        told = _Told(status.update, len(orders)) if status else lambda _: None
        places = Places(open_lake(), clock, downloads_folder(), told)
        try:
            outcomes = asyncio.run(download_all(orders, opener, places))
        except KeyboardInterrupt:
            say("Stopped. What came is kept: the same command goes on where it was.")
            raise
    if as_json:
        show_json(_json(outcomes))
    else:
        _show(outcomes)
    return EXIT_INPUT if any(outcome.error for outcome in outcomes) else 0


def _beside(said: str | None) -> list[Order]:
    """What is downloaded of a market beside its candles. Mark prices come hourly: funding falls due on hours."""
    from karat.ingest.orders import Order

    kinds = BESIDE if said is None else tuple(word.strip() for word in said.split(","))
    if said == "none":
        return []
    unknown = [kind for kind in kinds if kind not in BESIDE]
    if unknown:
        raise mistyped(f"--with '{said}' is not understood.", "Say funding, mark, funding,mark or none.")
    market = MarketId("")
    return [Order(market, HOUR_MS, kind=kind, if_any=said is None) for kind in BESIDE if kind in kinds]


class _Told:
    """Tells a person how every download stands: how many are done, and one line for all that run."""

    def __init__(self, update: Any, series: int) -> None:
        self._update, self._series = update, series
        self._lines: dict[int, str] = {}
        self._begun: set[int] = set()

    def __call__(self, now: Progress) -> None:
        self._begun.add(id(now.order))
        self._lines[id(now.order)] = progress_line(now)
        if now.settled >= now.wanted:
            del self._lines[id(now.order)]
        self._update("; ".join((f"series {len(self._begun)} of {self._series}", *self._lines.values())))


def progress_line(now: Progress) -> str:
    """How far, how fast, how long yet."""
    unit = "hours" if now.order.kind == "funding" else "bars"
    line = f"{_name(now.order)}: {now.settled:,} of {now.wanted:,} {unit}"
    if now.settled == 0 or now.seconds <= 0:
        return line
    rate = now.settled / now.seconds
    minutes, seconds = divmod(round((now.wanted - now.settled) / rate), 60)
    return f"{line}, {rate:,.0f} a second, {f'{minutes} min {seconds} s' if minutes else f'{seconds} s'} left"


def _name(order: Order) -> str:
    return f"{order.market} {order.label}"


def _show(outcomes: list[Outcome]) -> None:
    from rich.table import Table

    table = Table("market", "timeframe", "first bar", "last bar", "rows", "new", "refilled", "revised", "missing")
    for outcome in outcomes:
        held = outcome.coverage
        if held is not None:
            counts = (held.rows, held.added, held.refilled, held.revised)
            table.add_row(
                outcome.order.market,
                outcome.order.label,
                iso(held.first_ts),
                iso(held.last_ts),
                *(str(count) for count in counts),
                f"{held.missing} in {held.gaps} holes" if held.gaps else "none",
            )
    if table.row_count:
        show(table)
    for note in _notes(outcomes):
        say(f"Note: {note}")
    failed: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.error is not None:
            asked, name = outcome.error.code != NOT_ASKED, outcome.order.market
            key = (name if asked else venue_of(name), one_line(outcome.error))
            failed.setdefault(key, []).append(outcome.order.label if asked else "")
    for (name, line), labels in failed.items():
        say(
            f"{name} {', '.join(labels)}: {line}"
            if all(labels)
            else f"{name}: {len(labels)} more not asked for: {line}"
        )


def _notes(outcomes: list[Outcome]) -> list[str]:
    """What a person should know, each once."""
    found = [f"{note}." for outcome in outcomes if outcome.coverage for note in outcome.coverage.notes]
    found += [outcome.note for outcome in outcomes if outcome.note]
    for outcome in outcomes:
        held = outcome.coverage
        if held is not None and held.asked_ms is not None and held.asked_again_ms is not None:
            found.append(
                f"{_name(outcome.order)}: {_holes(held)} that the venue does not have, asked last on "
                f"{iso(held.asked_ms)}, asked again from {iso(held.asked_again_ms)} on or with --ask-again."
                f"{_told_apart(outcome.order)}"
            )
    return list(dict.fromkeys(found))


def _told_apart(order: Order) -> str:
    """Whether the venue itself was down, in the words of karat data check; of candles alone."""
    from karat.ingest.data_check import holes_told_apart
    from karat.lake.store import open_lake

    if order.kind != "candles":
        return ""
    lake = open_lake()
    found = holes_told_apart(lake, lake.entry(order.market, order.timeframe_ms))
    counts = Counter(one.what.partition("; ")[2] for one in found)
    return "".join(f" In {count}: {words}." for words, count in counts.items() if words)


def _holes(held: Coverage) -> str:
    return f"{held.gaps} hole{'s' * (held.gaps != 1)}"


def _json(outcomes: list[Outcome]) -> dict[str, Any]:
    told = [outcome for outcome in outcomes if outcome.coverage or outcome.error or outcome.note]
    value: dict[str, Any] = {"series": [_outcome_json(outcome) for outcome in told]}
    first = next((outcome.error for outcome in outcomes if outcome.error), None)
    if first is not None:
        value["error"] = error_json(first)
    return value


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    order = outcome.order
    value: dict[str, Any] = {"market": order.market, "kind": order.kind}
    if order.kind != "funding":
        value["timeframe"] = timeframe_text(order.timeframe_ms)
    if outcome.note:
        value["note"] = outcome.note
    if outcome.error is not None:
        value["error"] = error_json(outcome.error)
    return value | (_coverage_json(outcome.coverage) if outcome.coverage else {})


def _coverage_json(held: Coverage) -> dict[str, Any]:
    value = {
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
    if held.asked_ms is not None:
        value |= {"asked": held.asked_ms, "asked_again": held.asked_again_ms}
    return value
