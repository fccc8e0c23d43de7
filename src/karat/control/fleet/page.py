"""The page of a fleet backtest: one file that asks nothing of any network, in the look of every report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from karat.control.fleet.page_pairs import pair_panels
from karat.control.fleet.page_parts import panel, table_of
from karat.control.fleet.result import FleetResult
from karat.control.fleet.run import FleetRun
from karat.core.time import DAY_MS, timeframe_text
from karat.research.report.document import document
from karat.research.report.figures import NOTHING, day, fixed, plural, show, signed, tone
from karat.research.report.html import Content, Markup, join, tag
from karat.research.report.packing import pack, pack_drawn
from karat.research.report.section_charts import RANGES, chart_head
from karat.research.report.section_head import top_bar
from karat.stats import Figure, Undefined

_HERE = "karat.control.fleet"
_SCRIPTS = ("format.js", "columns.js", "theme.js", "axes.js", "chart.js", "equity.js", "record.js", "fleet.js")
_BAND = ("total_return", "sharpe", "max_drawdown", "trades", "win_rate", "turnover")
_MONEY = 2
_HELP = "Drag to pan, click and turn the wheel to zoom; arrows read close by close, 0 shows all."
_LABELS = {"total_return": "Total return", "max_drawdown": "Maximum drawdown", "trades": "Closed trades"}


def fleet_page(run: FleetRun, result: FleetResult, manifest: Mapping[str, Any]) -> str:
    """The page as one HTML document. `manifest` is that of `told.fleet_manifest`."""
    heading = f"{plural(len(result.bots), 'bot')} on one capital: Karat fleet backtest"
    simulated = run.ground.simulated
    words = "Simulated data: no market ever traded at these prices. " if simulated else ""
    return document(
        f"{heading}, simulated data" if simulated else heading,
        _payload(run, result),
        top_bar("Fleet backtest"),
        [
            _title(run, result),
            tag("noscript", tag("p", "Charts need a script; the rest is here.", class_="panel empty")),
            _assumed(run, manifest),
            _band(result),
            _chart(
                "equity", "Equity", f"at closes, {run.ground.plan.currency}, after all costs", _equity_words(result)
            ),
            _chart("exposure", "Exposure", "notional over equity, gross and net", _exposure_words(result)),
            *pair_panels(result),
            _bots(run, result),
            *_halts(result),
            _correlations(result),
            _refusals("refused", "Refused, in bars", 'by the first "no" of kernel and gates', result.refusals),
            _refusals("layers", "Refused, by layer", "how often a gate began to say no", result.first_noes),
        ],
        join(words, "A backtest is no promise. Times are UTC."),
        scripts=_SCRIPTS,
        styles=("fleet.css",),
        packages=(_HERE,),
    )


def _payload(run: FleetRun, result: FleetResult) -> dict[str, Any]:
    return {
        "capital": run.ground.plan.capital,
        "currency": run.ground.plan.currency,
        "ts": pack(result.close_ts),
        "equity": pack_drawn(result.equity),
        "gross": pack_drawn(result.gross),
        "net": pack_drawn(result.net),
        "timeframe": min(one.record.timeframe_ms for one in result.bots),
    }


def _title(run: FleetRun, result: FleetResult) -> Markup:
    ground, plan = run.ground, run.ground.plan
    data = ("Simulated data", "chip simulated") if ground.simulated else ("Real data", "chip")
    chips = [
        tag("span", data[0], class_=data[1]),
        tag("span", f"{fixed(plan.capital, _MONEY)} {plan.currency}", class_="chip"),
        tag("span", f"{day(ground.first_ms)} to {day(ground.end_ms)}", class_="chip"),
        tag("span", plural(len({one.record.market for one in result.bots}), "market"), class_="chip"),
    ]
    return tag("div", tag("h1", f"Fleet of {plural(len(result.bots), 'bot')}"), *chips, class_="title")


def _assumed(run: FleetRun, manifest: Mapping[str, Any]) -> Markup:
    plan = run.ground.plan
    limits = "none but the desk's switches" if plan.limits is None else f"Karat's, numbers {plan.limits.hash[:12]}"
    rows = [
        ("Data", "SIMULATED, no real market" if run.ground.simulated else "real candles, before any vault"),
        ("Costs", f"{plan.costs}"),
        ("Limits", limits),
        ("Clock", "bots decide at each close in the order of the file; fills of a bar are known at its close"),
        ("Version", f"karat {manifest['karat_version']}"),
    ]
    body = [tag("div", tag("dt", name), tag("dd", text)) for name, text in rows]
    return panel("stamp", "What was assumed", "", tag("dl", *body, class_="stamp"))


def _band(result: FleetResult) -> Markup:
    cells: list[Content] = []
    for name in _BAND:
        shown = show(name, result.metrics[name], _MONEY)
        figure = tag("div", tag("span", shown.text, class_=shown.tone or None), class_="figure")
        below = tag("div", shown.reason, class_="below") if shown.reason else None
        label = _LABELS.get(name, name.replace("_", " ").capitalize())
        cells.append(tag("div", tag("div", label, class_="label"), figure, below))
    return tag("section", *cells, class_="panel band", id="band", aria_label="Figures of the fleet")


def _chart(name: str, heading: str, note: str, summary: str) -> Markup:
    return tag(
        "section",
        chart_head(heading, note, RANGES),
        tag("div", class_="legend", aria_live="polite"),
        tag(
            "canvas",
            summary,
            tabindex="0",
            role="application",
            aria_roledescription="chart",
            aria_label=f"{heading}: {summary}",
            aria_describedby=f"{name}-help",
        ),
        tag("p", _HELP, class_="note help", id=f"{name}-help"),
        class_="panel chart",
        id=name,
        aria_label=heading,
    )


def _equity_words(result: FleetResult) -> str:
    days = (int(result.close_ts[-1]) - int(result.close_ts[0])) / DAY_MS
    first, last = (fixed(float(result.equity[place]), _MONEY) for place in (0, -1))
    return f"from {first} to {last} in {days:,.0f} days"


def _exposure_words(result: FleetResult) -> str:
    if np.isnan(result.gross).all():
        return "undefined: the equity was gone"
    low, high = float(np.nanmin(result.net)), float(np.nanmax(result.net))
    return f"gross at most {fixed(float(np.nanmax(result.gross)), 2)}, net between {fixed(low, 2)} and {fixed(high, 2)}"


def _bots(run: FleetRun, result: FleetResult) -> Markup:
    head = ("Bot", "Strategy", "Market", "Timeframe", "Capital", "Result", "Trades", "Fills", "Refused")
    rows: list[Sequence[Content]] = []
    for one in result.bots:
        record, capital = one.record, one.record.policy.capital
        gained = signed((float(one.equity[-1]) / capital - 1.0) * 100, 2)
        rows.append(
            (
                record.name, record.strategy, record.market, timeframe_text(record.timeframe_ms),
                fixed(capital, _MONEY), tag("span", f"{gained}%", class_=tone(gained) or None),
                f"{len(one.trades):,}", f"{len(one.fills):,}", f"{sum(one.refusals.values()):,}",
            )
        )  # fmt: skip
    return panel("bots", "Bots", "in the order in which they decide", table_of(head, rows, numbers_from=4))


def _halts(result: FleetResult) -> list[Markup]:
    if not result.halts:
        return []
    rows = [[one.bot or "all bots", day(one.at_ms), one.reason] for one in result.halts]
    note = "to the end: in a backtest nobody lets anything go on"
    return [panel("halts", "Stood still", note, table_of(("Bot", "From", "Why"), rows, numbers_from=3))]


def _correlations(result: FleetResult) -> Markup:
    names = [one.record.name for one in result.bots]
    rows = [(name, *(_coefficient(one) for one in row)) for name, row in zip(names, result.correlations, strict=True)]
    return panel(
        "correlations", "Correlation of daily returns", "Pearson's, between bots",
        table_of(("", *names), rows, numbers_from=1),
    )  # fmt: skip


def _coefficient(figure: Figure) -> Content:
    if isinstance(figure, Undefined):
        return tag("span", NOTHING, title=figure.reason)
    return fixed(figure, 2)


def _refusals(name: str, heading: str, note: str, counts: Mapping[str, int]) -> Markup:
    if not counts:
        return panel(name, heading, note, tag("p", "Nothing was refused.", class_="empty"))
    most = str(max(counts.values()))
    rows = [
        tag(
            "tr",
            tag("th", words.replace("_", " "), scope="row"),
            tag("td", tag("meter", value=str(count), max=most, aria_hidden="true")),
            tag("td", f"{count:,}", class_="r"),
        )
        for words, count in counts.items()
    ]
    return panel(name, heading, note, tag("table", tag("tbody", *rows), class_="refusals"))
