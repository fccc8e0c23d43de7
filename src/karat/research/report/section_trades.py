"""Trades, the open position, refusals and the manifest."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from karat.core.time import iso
from karat.research.report.figures import NOTHING, fixed, places_for, plural, signed, tone
from karat.research.report.html import Markup, tag
from karat.research.report.inputs import ReportInput
from karat.research.report.payload import quantity_unit

_HEADS = (
    ("id", "No.", ""), ("entry", "Entered, UTC", ""), ("side", "Side", ""), ("quantity", "Quantity", "r"),
    ("entryPrice", "Entry", "r"), ("exitPrice", "Exit", "r"), ("bars", "Bars", "r"), ("costs", "Fees", "r"),
    ("pnl", "Net", "r"), ("share", "Net %", "r"), ("multiple", "R", "r"), ("reason", "Exit by", ""),
)  # fmt: skip
_REFUSALS = {
    "equity": "equity not positive",
    "side": "side not allowed",
    "own_exit": "own exit signal at the same bar",
    "regime": "regime unknown",
    "confidence": "confidence under the minimum",
    "cooldown": "cooldown",
    "daily_loss": "daily loss limit",
    "loss_streak": "losses in a row",
    "volume": "volume too low",
    "funding": "funding out of bounds",
    "session": "outside the session",
    "size": "no size, or under a minimum",
    "afford": "not affordable at the fill",
}
_TIMES = frozenset({"first_bar", "last_bar", "start", "ts", "largest_move_ts", "first", "last"})


def trades_panel(report: ReportInput) -> Markup:
    """The table's frame; its rows are made from the data in the page."""
    count = len(report.trades)
    note = (
        "net of fees, funding and borrow; % of the entry's notional; R: net over risk at entry. Open one for its record"
    )
    head = tag("div", tag("h2", "Trades ", tag("small", f"{count:,}")), tag("span", note, class_="note"), class_="head")
    if not count:
        why = "No trade was closed."
        if report.refusals:
            why += f" Entries were refused {plural(sum(report.refusals.values()), 'time')}: see below."
        elif not len(report.fills["ts"]):
            why += " The signals never asked for one that could be filled."
        empty = tag("p", why, class_="empty")
        return tag("section", head, empty, class_="panel", id="trades", aria_label="Trades")
    return tag(
        "section", head, _sorter(), _wide(_table(report)), _pager(), class_="panel", id="trades", aria_label="Trades"
    )


def _wide(table: Markup) -> Markup:
    return tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Trade table")


def _table(report: ReportInput) -> Markup:
    units = {"quantity": quantity_unit(report.instrument), "pnl": report.instrument.settle}
    heads = [
        tag(
            "th",
            tag(
                "button", words, tag("small", f" {units[key]}") if key in units else None, type="button", data_sort=key
            ),
            scope="col",
            class_=align or None,
            data_key=key,
            aria_sort="none",
            role="columnheader",
        )
        for key, words, align in _HEADS
    ]
    return tag(
        "table",
        tag("thead", tag("tr", *heads, role="row"), role="rowgroup"),
        tag("tbody", role="rowgroup"),
        class_="trades",
        role="table",
        aria_label="Trades",
    )


def _sorter() -> Markup:
    """Sorting on a phone, where the table has no head."""
    ways = (("up", "up"), ("down", "down"))
    options = [
        tag("option", f"{words.partition(',')[0]}, {way}", value=f"{key} {value}")
        for key, words, _ in _HEADS
        for way, value in ways
    ]
    return tag("label", "Sort by ", tag("select", *options), class_="sorter")


def _pager() -> Markup:
    return tag(
        "div",
        tag("button", "Previous", type="button", class_="button", data_page="previous"),
        tag("output"),
        tag("button", "Next", type="button", class_="button", data_page="next"),
        class_="pager",
    )


def position_panel(report: ReportInput) -> Markup | None:
    """What is still held at the end; None when flat."""
    held = report.open_position
    if held is None:
        return None
    places = places_for(report.instrument)
    net = signed(held.unrealised + held.realised - held.fees - held.funding - held.borrow, places.money)
    side = "▲ Long" if held.side > 0 else "▼ Short"
    words = f"{side} {fixed(held.quantity, places.quantity)} {quantity_unit(report.instrument)}"
    return tag(
        "section",
        tag(
            "div",
            tag("h2", "Open at the end"),
            tag("span", "marked at the last close, not a closed trade", class_="note"),
            tag(
                "span",
                words,
                " ",
                tag("b", net, class_=tone(net) or None),
                f" {report.instrument.settle}",
                class_="end",
            ),
            class_="head",
        ),
        tag("div", id="held"),
        class_="panel",
        id="position",
        aria_label="Open at the end",
    )


def refusals_panel(report: ReportInput) -> Markup:
    """Entries that were asked for and not made, by the first "no"."""
    counts = sorted(report.refusals.items(), key=lambda item: (-item[1], item[0]))
    most = max((count for _, count in counts), default=1)
    rows = [
        tag(
            "tr",
            tag("th", _REFUSALS.get(name, name.replace("_", " ")), scope="row"),
            tag("td", tag("meter", value=str(count), max=str(most), aria_hidden="true")),
            tag("td", f"{count:,}", class_="r"),
        )
        for name, count in counts
    ]
    body = (
        tag("table", tag("tbody", *rows), class_="refusals")
        if rows
        else tag("p", "No entry was refused.", class_="empty")
    )
    note = 'entries by the first "no" of the filter'
    head = tag("div", tag("h2", "Refused"), tag("span", note, class_="note"), class_="head")
    return tag("section", head, body, class_="panel", id="refusals", aria_label="Refused entries")


def manifest_panel(report: ReportInput) -> Markup:
    """Everything that decided the numbers, word for word."""
    rows = [
        tag("tr", tag("th", name, scope="row"), tag("td", tag("code", text)), class_="heading" if not text else None)
        for name, text in _lines(report.manifest, "")
    ]
    table = tag("div", tag("table", tag("tbody", *rows), class_="manifest"), class_="scroll", tabindex="0")
    summary = tag("summary", "Manifest ", tag("span", "everything that decided these numbers", class_="note"))
    return tag("details", summary, table, class_="panel", id="manifest")


def _lines(value: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, inner in value.items():
        if isinstance(inner, Mapping) and "undefined" not in inner:
            yield from _lines(inner, f"{path}{name}.")
        else:
            yield f"{path}{name}", _text(name, inner)


def _text(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{NOTHING} {value['undefined']}"
    if isinstance(value, list | tuple):
        return (
            ", ".join(_text("", inner) if not isinstance(inner, Mapping) else str(dict(inner)) for inner in value)
            or NOTHING
        )
    if name in _TIMES and isinstance(value, int) and not isinstance(value, bool):
        return f"{value} ({iso(value)})"
    if isinstance(value, bool):
        return "yes" if value else "no"
    assert not (isinstance(value, float) and not math.isfinite(value)), "a manifest holds no NaN"
    return str(value)
