"""The top of a report: what it is about, the stamp of its assumptions, and the six figures asked for first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from karat.core.model.instrument import Kind
from karat.core.time import timeframe_text
from karat.research.report.figures import NOTHING, Shown, day, fixed, label, places_for, plural, show
from karat.research.report.html import Content, Markup, tag
from karat.research.report.inputs import ReportInput
from karat.stats import Undefined

_TEETH = 24  # a full karat
_BAND = (  # figure, and what is said below it of another
    ("total_return", "{} a year", "cagr"),
    ("sharpe", "± {} standard error", "sharpe_error"),
    ("max_drawdown", "longest {} days", "drawdown_days"),
    ("trades", "{} of bars in a position", "exposure"),
    ("win_rate", "payoff {}", "payoff_ratio"),
)
_PALETTES = (("default", "Green / vermilion"), ("blue-orange", "Blue / orange"), ("red-up", "Red up"))


def mark() -> Markup:
    """Karat's mark: a ring of 24 teeth around a K."""
    ring = [
        tag("path", d="M11 2.2v3", transform=f"rotate({tooth * 360 // _TEETH} 11 11)", stroke_width="1.5")
        for tooth in range(_TEETH)
    ]
    letter = tag("path", d="M8.6 7.2v7.6M13.6 7.2 8.8 11.2l5 3.6", stroke_width="1.7", stroke_linecap="round")
    return tag("svg", *ring, letter, class_="mark", viewBox="0 0 22 22", width="22", height="22", aria_hidden="true")


def top_bar(kind: str) -> Markup:
    """The mark, what `kind` of page this is, and the reader's choice of theme and colours."""
    options = [tag("option", words, value=name) for name, words in _PALETTES]
    return tag(
        "header",
        mark(),
        tag("span", "Karat", class_="brand"),
        tag("span", kind, class_="kind"),
        tag(
            "span",
            tag("label", "Profit and loss", for_="palette", class_="unseen"),
            tag("select", *options, id="palette"),
            tag("button", "Light", type="button", id="theme", class_="button"),
            class_="choices",
        ),
        class_="top",
    )


def title(report: ReportInput) -> Markup:
    """Name and chips: whether the data are simulated comes first."""
    candles = report.candles
    last = int(candles.ts[-1]) + candles.timeframe_ms
    kind = {Kind.LINEAR: "perpetual", Kind.INVERSE: "inverse perpetual"}.get(report.instrument.kind)
    words = kind or report.instrument.kind.name.lower()
    data = (
        tag("span", "Simulated data", class_="chip simulated")
        if report.simulated
        else tag("span", "Real data", class_="chip")
    )
    chips = [
        data,
        tag("span", f"{candles.market} {words}", class_="chip"),
        tag("span", timeframe_text(candles.timeframe_ms), class_="chip"),
        tag("span", f"{day(int(candles.ts[0]))} to {day(last)}", class_="chip"),
        tag("span", plural(len(candles), "bar"), class_="chip"),
    ]
    run = tag("span", "run ", tag("code", report.run), class_="note")
    return tag("div", tag("h1", report.strategy), *chips, run, class_="title")


def stamp_panel(report: ReportInput) -> Markup:
    """Every assumption, those that weaken the result marked, and what the numbers hold for."""
    warnings = sum(line.warning for line in report.assumptions)
    rows = [
        tag(
            "div",
            tag("dt", _sign(line.warning), line.name.capitalize()),
            tag("dd", line.text[:1].upper() + line.text[1:]),
            class_="warning" if line.warning else None,
        )
        for line in report.assumptions
    ]
    count = f"{plural(warnings, 'warning')}" if warnings else "no warnings"
    return tag(
        "section",
        tag("div", tag("h2", "What was assumed"), tag("span", count, class_="note"), class_="head"),
        tag("dl", *rows, class_="stamp"),
        tag("p", *_identity(report.manifest), class_="identity"),
        class_="panel",
        id="stamp",
        aria_label="What was assumed",
    )


def _sign(warning: bool) -> Markup:
    shape = "M8 1.6 15 14.2H1Z" if warning else "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z"
    name = "warning" if warning else "as it stands"
    return tag("svg", tag("path", d=shape), viewBox="0 0 16 16", width="12", height="12", role="img", aria_label=name)


def _identity(manifest: Mapping[str, Any]) -> list[Content]:
    """What the numbers hold for: version, commit, lock, processor, code and data."""
    names = (
        ("karat", "karat_version"), ("commit", "commit"), ("lock", "lock_hash"), ("processor", "processor"),
        ("code", "code_hash"), ("series", "data_hash"), ("bars", "bars_hash"),
    )  # fmt: skip
    parts: list[Content] = []
    for words, key in names:
        value = manifest[key]
        if isinstance(value, Mapping):
            shown = tag("span", f"{words} ", NOTHING, f" ({value['undefined']})")
        else:
            short = value if key == "processor" else str(value)[:12]
            shown = tag("span", f"{words} ", tag("code", short, title=str(value)))
        parts.append(shown)
    return parts


def band(report: ReportInput) -> Markup:
    """The figures of the main level, and the cost at which the edge dies."""
    level, places = report.main_level, places_for(report.instrument)
    texts = {name: show(name, figure, places.money) for name, figure in level.metrics.items()}
    cells = [
        _cell(label(name), texts[name], below="" if texts[other].reason else words.format(texts[other].text))
        for name, words, other in _BAND
    ]
    edge = report.edge_dies_at_bp
    shown = Shown(NOTHING, reason=edge.reason) if isinstance(edge, Undefined) else Shown(fixed(edge, 1))
    paid = f"fills paid {fixed(level.paid_bp, 1)} bp" if len(report.fills["ts"]) else "nothing was filled"
    below = paid if not shown.reason else f"{shown.reason}; {paid}"
    edge_cell = _cell("Edge dies at", shown, unit="bp a fill", below=below)
    return tag(
        "section",
        tag("h2", f"At {report.main} costs", class_="unseen"),
        *cells,
        edge_cell,
        class_="panel band",
        id="band",
        aria_label=f"Figures at {report.main} costs",
    )


def _cell(words: str, shown: Shown, unit: str = "", below: str = "") -> Markup:
    return tag(
        "div",
        tag("div", words, class_="label"),
        tag(
            "div",
            tag("span", shown.text, class_=shown.tone or None),
            tag("small", unit) if unit and not shown.reason else None,
            class_="figure",
        ),
        tag("div", below or shown.reason, class_="below") if below or shown.reason else None,
    )


def hypothesis_panel(report: ReportInput) -> Markup:
    """What the strategy claims, in its author's words."""
    rows = [tag("div", tag("dt", name.capitalize()), tag("dd", text)) for name, text in report.hypothesis]
    body = tag("dl", *rows, class_="words")
    return tag("details", tag("summary", "What this strategy claims"), body, class_="panel", id="hypothesis")
