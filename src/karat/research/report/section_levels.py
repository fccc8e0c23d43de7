"""The three levels of costs side by side, every figure of them, and why some do not exist."""

from __future__ import annotations

from karat.research.report.figures import NOTHING, Shown, fixed, label, metric, places_for, show
from karat.research.report.html import Markup, join, tag
from karat.research.report.inputs import LevelFigures, ReportInput
from karat.stats import METRICS, Undefined

_GROUPS = (
    ("Growth", ("total_return", "cagr", "rolling_cagr_worst", "rolling_cagr_median", "rolling_cagr_positive",
                "worst_month", "months_positive", "worst_day", "best_day", "days")),
    ("Trades", ("trades", "win_rate", "profit_factor", "payoff_ratio", "expectancy", "expectancy_r", "trade_return",
                "best_trade", "worst_trade", "bars_held", "exposure")),
    ("Risk", ("sharpe", "sharpe_error", "sortino", "calmar", "volatility", "max_drawdown", "drawdown_days",
              "drawdown_bars", "ulcer_index", "value_at_risk_95", "expected_shortfall_95", "value_at_risk_99",
              "expected_shortfall_99")),
    ("Costs", ("turnover", "costs", "cost_share")),
)  # fmt: skip
assert sorted(name for _, names in _GROUPS for name in names) == sorted(known.name for known in METRICS)


class Footnotes:
    """Reasons why figures do not exist, each with one number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, reason: str) -> str:
        """The number of a reason, a new one where it was not met yet."""
        return str(self._numbers.setdefault(reason, len(self._numbers) + 1))

    def listed(self) -> Markup | None:
        """All reasons, numbered; None without any."""
        if not self._numbers:
            return None
        notes = [tag("li", f"{reason[:1].upper()}{reason[1:]}.") for reason in self._numbers]
        return tag("ol", *notes, class_="footnotes", aria_label="Why figures are missing")


def levels_panel(report: ReportInput) -> Markup:
    """One table a group of figures: metrics down, levels across."""
    notes = Footnotes()
    groups = [_group(report, heading, names, notes) for heading, names in _GROUPS]
    note = f"what follows is at {report.main} costs; money in {report.instrument.settle}"
    return tag(
        "section",
        tag("div", tag("h2", "Costs side by side"), tag("span", note, class_="note"), class_="head"),
        tag(
            "div", *groups, class_="groups scroll", tabindex="0", role="region", aria_label="Figures by level of costs"
        ),
        notes.listed(),
        class_="panel",
        id="levels",
        aria_label="Costs side by side",
    )


def _group(report: ReportInput, heading: str, names: tuple[str, ...], notes: Footnotes) -> Markup:
    places = places_for(report.instrument)
    head = [tag("th", level.name.capitalize(), scope="col", class_=_column(report, level)) for level in report.levels]
    rows = [
        _row(report, label(name), metric(name).meaning, name, [
            show(name, level.metrics[name], places.money) for level in report.levels
        ], notes)
        for name in names
    ]  # fmt: skip
    if heading == "Costs":
        rows += _cost_rows(report, notes)
    return tag(
        "table",
        tag("thead", tag("tr", tag("th", heading, scope="col"), *head)),
        tag("tbody", *rows),
        class_="figures",
    )


def _cost_rows(report: ReportInput, notes: Footnotes) -> list[Markup]:
    """What each level charges, what its fills paid, and what would have been too much."""
    filled = bool(len(report.fills["ts"]))
    paid = [
        Shown(fixed(level.paid_bp, 1)) if filled else Shown(NOTHING, reason="nothing was filled")
        for level in report.levels
    ]
    spread = [Shown(fixed(level.policy.half_spread * 1e4, 1)) for level in report.levels]
    slippage = [Shown(fixed(level.policy.slippage_base * 1e4, 1)) for level in report.levels]
    latency = [Shown(fixed(level.policy.latency, 0)) for level in report.levels]
    base = "Slippage of any taker fill, before what ATR and the share of volume add (rule 12)."
    return [
        _row(report, "Half spread, bp", "Half of the quoted spread (rule 11).", "half_spread", spread, notes),
        _row(report, "Slippage base, bp", base, "slippage_base", slippage, notes),
        _row(report, "Latency, bars", "Bars from decision to fill (rule 3).", "latency", latency, notes),
        _row(report, "Paid a fill, bp", "Fee, spread and slippage over notional of all fills.", "paid_bp", paid, notes),
        _edge_row(report, notes),
    ]


def _edge_row(report: ReportInput, notes: Footnotes) -> Markup:
    edge = report.edge_dies_at_bp
    shown = Shown(NOTHING, reason=edge.reason) if isinstance(edge, Undefined) else Shown(fixed(edge, 1))
    meaning = (
        "All costs of a fill together, one way, at which the Sharpe ratio reaches zero; "
        f"sought at the latency of {report.main}."
    )
    cell = tag(
        "td", *_figure(shown, notes), class_="r main", colspan=str(len(report.levels)), title=shown.reason or None
    )
    return tag(
        "tr", tag("th", "Edge dies at, bp a fill", scope="row", title=meaning), cell, data_metric="edge_dies_at_bp"
    )


def _row(report: ReportInput, words: str, meaning: str, name: str, figures: list[Shown], notes: Footnotes) -> Markup:
    cells = [
        tag("td", *_figure(shown, notes), class_=_column(report, level), title=shown.reason or None)
        for level, shown in zip(report.levels, figures, strict=True)
    ]
    return tag("tr", tag("th", words, scope="row", title=meaning), *cells, data_metric=name)


def _figure(shown: Shown, notes: Footnotes) -> list[Markup]:
    number = tag("sup", notes.number(shown.reason)) if shown.reason else None
    return [tag("span", shown.text, class_=shown.tone or None), join(number)]


def _column(report: ReportInput, level: LevelFigures) -> str:
    return "r main" if level.name == report.main else "r"


def definitions_panel() -> Markup:
    """What every figure means and where its definition comes from."""
    rows = [
        tag(
            "div", tag("dt", label(known.name)), tag("dd", known.meaning, " ", tag("span", known.source, class_="note"))
        )
        for known in METRICS
    ]
    return tag(
        "details", tag("summary", "What the figures mean"), tag("dl", *rows, class_="words"), class_="panel",
        id="definitions",
    )  # fmt: skip
