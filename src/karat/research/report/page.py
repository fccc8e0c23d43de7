"""The page: sections, style, data and script in one file that asks nothing of any network.

1. Everything that does not move is HTML already: stamp, costs, months, refusals and manifest need no script.
2. Charts and the trade table are drawn by one inline script from the data in the page.
3. The page's own content security policy names the hashes of its style and script and forbids everything else.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from karat.research.report.html import Markup, join, tag
from karat.research.report.inputs import ReportInput
from karat.research.report.packing import script_safe
from karat.research.report.payload import payload
from karat.research.report.section_charts import candles_panel, equity_panel
from karat.research.report.section_head import band, hypothesis_panel, stamp_panel, title, top_bar
from karat.research.report.section_levels import definitions_panel, levels_panel
from karat.research.report.section_months import months_panel
from karat.research.report.section_trades import manifest_panel, position_panel, refusals_panel, trades_panel

_SCRIPTS = (
    "format", "columns", "theme", "axes", "chart", "candles", "equity", "record", "trades", "report",
)  # fmt: skip
_STYLES = ("tokens", "report")
_LIGHT = '[data-theme="light"] {'


def render(report: ReportInput) -> str:
    """The report as one HTML document."""
    style, script = _style(), _script()
    heading = f"{report.strategy} on {report.candles.market}: Karat backtest"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{heading}, simulated data" if report.simulated else heading),
        tag("style", style),
    )
    body = tag(
        "body",
        top_bar(),
        tag("main", *_sections(report)),
        tag("footer", _footer(report)),
        tag("script", Markup(script_safe(payload(report))), type="application/json", id="data"),
        tag("script", script),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


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


def _style() -> Markup:
    """Tokens and rules, the light tokens once more for readers whose system is light and for print."""
    text = "\n".join(_asset(f"{name}.css") for name in _STYLES)
    start = text.index(_LIGHT) + len(_LIGHT)
    light = text[start : text.index("}", start)]
    system = f"@media (prefers-color-scheme: light) {{ :root:not([data-theme]) {{{light}}} }}"
    return Markup(f"\n{text}\n{system}\n@media print {{ :root, [data-theme] {{{light}}} }}\n")


def _script() -> Markup:
    parts = "\n".join(_asset(f"{name}.js") for name in _SCRIPTS)
    return Markup(f'\n(() => {{\n"use strict";\n{parts}\n}})();\n')


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _asset(name: str) -> str:
    return resources.files("karat.research.report").joinpath("assets", name).read_text(encoding="utf-8")
