"""The page: sections, style, data and script in one file that asks nothing of any network.

1. Everything that does not move is HTML already: stamp, costs, months, refusals and manifest need no script.
2. Charts and the trade table are drawn by one inline script from the data in the page.
3. The page's own content security policy names the hashes of its style and script and forbids everything else.
"""

from __future__ import annotations

from karat.research.report.document import document
from karat.research.report.html import Markup, join, tag
from karat.research.report.inputs import ReportInput
from karat.research.report.payload import payload
from karat.research.report.section_charts import candles_panel, equity_panel
from karat.research.report.section_head import band, hypothesis_panel, stamp_panel, title, top_bar
from karat.research.report.section_levels import definitions_panel, levels_panel
from karat.research.report.section_months import months_panel
from karat.research.report.section_trades import manifest_panel, position_panel, refusals_panel, trades_panel

_SCRIPTS = (
    "format.js", "columns.js", "theme.js", "axes.js", "chart.js", "candles.js", "equity.js", "record.js", "trades.js",
    "report.js",
)  # fmt: skip


def render(report: ReportInput) -> str:
    """The report as one HTML document."""
    heading = f"{report.strategy} on {report.candles.market}: Karat backtest"
    return document(
        f"{heading}, simulated data" if report.simulated else heading,
        payload(report),
        top_bar("Backtest report"),
        _sections(report),
        _footer(report),
        scripts=_SCRIPTS,
    )


def _sections(report: ReportInput) -> list[Markup | None]:
    return [
        title(report),
        tag("noscript", tag("p", "Charts and trades need a script; the rest is here.", class_="panel empty")),
        stamp_panel(report),
        band(report),
        levels_panel(report),
        equity_panel(report),
        candles_panel(report),
        months_panel(report),
        position_panel(report),
        trades_panel(report),
        refusals_panel(report),
        hypothesis_panel(report) if report.hypothesis else None,
        definitions_panel(),
        manifest_panel(report),
    ]


def _footer(report: ReportInput) -> Markup:
    words = "Simulated data: no market ever traded at these prices. " if report.simulated else ""
    return join(words, "A backtest is no promise. Times are UTC.")
