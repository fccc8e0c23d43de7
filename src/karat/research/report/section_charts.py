"""Frames of the charts: head, buttons, legend, canvas, and in words what the canvas shows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from karat.core.time import DAY_MS
from karat.research.report.figures import day, fixed, places_for, plural, show
from karat.research.report.html import Content, Markup, tag
from karat.research.report.inputs import ReportInput

RANGES = (("All", 0), ("1 y", 365), ("90 d", 90), ("30 d", 30), ("7 d", 7))
_HELP = (
    "Drag to pan, click and turn the wheel to zoom. With the keyboard: arrows read bar by bar, Shift goes ten, "
    "+ and \N{MINUS SIGN} zoom, 0 shows all"
)
_HELP_TOUCH = "Drag to pan, pinch to zoom, tap to read a bar."


def equity_panel(report: ReportInput) -> Markup:
    """Equity of every level, drawdown of the main one."""
    places = places_for(report.instrument)
    level = report.main_level
    ends = [f"{each.name} {fixed(float(each.equity[-1]), places.money)}" for each in report.levels]
    fall = show("max_drawdown", level.metrics["max_drawdown"], places.money)
    summary = (
        f"Equity from {fixed(report.capital, places.money)} {report.instrument.settle} on "
        f"{day(int(report.candles.ts[0]))} to {', '.join(ends)}; deepest drawdown {fall.text} at {report.main} costs."
    )
    keys = [_level_key(each.name, main=each.name == report.main) for each in report.levels]
    return _chart("equity", "Equity", f"at closes, {report.instrument.settle}, after all costs", summary, keys, report)


def candles_panel(report: ReportInput) -> Markup:
    """Candles with entries and exits."""
    candles, places = report.candles, places_for(report.instrument)
    low, high = float(np.min(candles.low)), float(np.max(candles.high))
    summary = (
        f"{plural(len(candles), 'candle')} of {candles.market} between {fixed(low, places.price)} and "
        f"{fixed(high, places.price)}, with {plural(len(report.fills['ts']), 'fill')}. The trade table lists them."
    )
    marks: list[Content] = [
        tag("span", _mark("M7 2l5 8H2z", "entry"), "entry, points to its side"),
        tag("span", _mark("M7 1l5 5-5 5-5-5z", "exit"), "exit, ringed by its result"),
        tag("span", _mark("M2 6h10", "stop"), "stop"),
        tag("span", _mark("M2 6h10", "take"), "take of the open trade"),
        tag("span", _mark("M4.5 2h5v8h-5z", "up"), "up, hollow"),
        tag("span", _mark("M4.5 2h5v8h-5z", "down"), "down, filled"),
    ]
    note = f"{candles.market.partition(':')[2]}, UTC; trades as a strip below, longs above shorts"
    return _chart(
        "candles", "Candles and trades", note, summary, marks, report, keys=", [ and ] go from trade to trade"
    )


def chart_head(heading: str, note: str, ranges: Iterable[tuple[str, int]]) -> Markup:
    """The head of a panel with a chart: a button for each range, by its words and its days, 0 for all of it."""
    buttons = [tag("button", words, type="button", data_range=str(days)) for words, days in ranges]
    return tag(
        "div",
        tag("h2", heading),
        tag("span", note, class_="note"),
        tag("span", *buttons, class_="segments", role="group", aria_label=f"Range of {heading.lower()}"),
        class_="head",
    )


def _chart(
    name: str, heading: str, note: str, summary: str, marks: list[Content], report: ReportInput, keys: str = ""
) -> Markup:
    days = (int(report.candles.ts[-1]) - int(report.candles.ts[0])) / DAY_MS
    ranges = [(words, length) for words, length in RANGES if length < days]
    canvas = tag(
        "canvas", summary, tabindex="0", role="application", aria_roledescription="chart",
        aria_label=f"{heading}: {summary}", aria_describedby=f"{name}-help",
    )  # fmt: skip
    return tag(
        "section",
        chart_head(heading, note, ranges),
        tag("div", class_="legend", aria_live="polite"),
        canvas,
        tag("div", *marks, class_="marks"),
        tag(
            "p",
            tag("span", f"{_HELP}{keys}.", class_="fine"),
            tag("span", _HELP_TOUCH, class_="coarse"),
            class_="note help",
            id=f"{name}-help",
        ),
        class_="panel chart",
        id=name,
        aria_label=heading,
    )


def _level_key(name: str, *, main: bool) -> Markup:
    line = _mark("M0 6h14", f"line {name}{' strong' if main else ''}")
    if main:
        return tag("span", line, f"{name}, drawdown below")
    return tag("button", line, name, type="button", data_level=name, aria_pressed="true")


def _mark(path: str, kind: str) -> Markup:
    drawn = tag("path", d=path)
    return tag("svg", drawn, class_=f"key {kind}", viewBox="0 0 14 12", width="14", height="12", aria_hidden="true")
