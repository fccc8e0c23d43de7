"""The dossier as one self-contained page, in the look of every report.

1. Verdict, funnel, checks, gates, tables, bands and fans are HTML and pictures already: they need no script, and print.
2. Curves, heat maps and parallel coordinates are drawn by one inline script from the data in the page.
3. What a stage did not reach is said where it would stand; a figure that does not exist shows its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from karat.research.dossier.page import curves, sweeps
from karat.research.dossier.page.evidence import bugs_panel, data_panel, trials_panel
from karat.research.dossier.page.funnel import funnel_panel
from karat.research.dossier.page.head import band, banner, heading, title, verdict_panel
from karat.research.dossier.page.robust import cross_panel, dependence_panel, robustness_panels
from karat.research.dossier.page.rules import assumptions_panel, gates_panel, hypothesis_panel, parameters_panel
from karat.research.dossier.page.told import Told
from karat.research.dossier.page.words import facts, label, panel
from karat.research.report.document import document
from karat.research.report.html import Content, Markup, join, tag
from karat.research.report.section_head import top_bar

_SCRIPTS = (
    "format.js", "columns.js", "theme.js", "axes.js", "chart.js", "equity.js", "canvas.js", "heat.js", "lines.js",
    "curves.js", "dossier.js",
)  # fmt: skip
_PACKAGES = ("karat.research.dossier.page", "karat.research.sweep_report")

_LATER = (
    ("sweep", "Sweep", "a reasonable region of parameters, as heat maps and parallel coordinates"),
    ("refinement", "Refinement", "the neighbourhood of the best plateau"),
    ("regimes", "Regimes", "equity of the chosen parameters in five kinds of market"),
    ("examination", "Walk forward", "days out of sample, traded with what was chosen before them"),
    ("examination", "Cross-validation", "combinatorial paths, the probability of overfitting, superior ability"),
    ("examination", "Monte Carlo", "orders of trades, years drawn again, missed orders, worse fills, noise, chance"),
    ("examination", "Timing and costs", "later fills and double costs"),
    ("examination", "Dependence", "the best trades, the best month, the best market, the best regime"),
    ("vault", "Vault", "the last fifth of the record; it stays closed"),
)


def page(told: Mapping[str, Any]) -> str:
    """The page of a dossier as `document` has it, one HTML document. All text of the dossier is escaped."""
    dossier = Told(told)
    return document(
        f"{heading(dossier)}: Karat dossier",
        {"curves": curves.payload(dossier), "searches": sweeps.payload(dossier)},
        top_bar("Dossier"),
        _sections(dossier),
        _footer(dossier),
        scripts=_SCRIPTS,
        styles=("sweep.css", "dossier.css"),
        packages=_PACKAGES,
    )


def _sections(told: Told) -> list[Markup | None]:
    return [
        banner(told),
        title(told),
        verdict_panel(told),
        tag("noscript", tag("p", "Curves and heat maps need a script; the rest is here.", class_="panel empty")),
        band(told),
        funnel_panel(told),
        curves.equity_panel(told),
        hypothesis_panel(told),
        parameters_panel(told),
        trials_panel(told),
        *(sweeps.search_panels(told, name) for name in sweeps.SEARCHES if told.stage(name)),
        *(_examined(told) if told.stage("examination") else ()),
        _never_reached(told),
        gates_panel(told),
        data_panel(told),
        assumptions_panel(told),
    ]


def _examined(told: Told) -> list[Markup]:
    return [
        curves.walk_panel(told), cross_panel(told), *robustness_panels(told), bugs_panel(told), dependence_panel(told),
    ]  # fmt: skip


def _never_reached(told: Told) -> Markup | None:
    """Whole sections that are not there, each with what it would have asked."""
    rows: list[tuple[str, Content]] = [
        (words, asks) for stage, words, asks in _LATER if told.stage(stage) is None
    ]  # fmt: skip
    if not rows:
        return None
    return panel(
        "never-reached", "Never reached", f"the proof ended at the stage {label(told.last).lower()}", facts(rows)
    )


def _footer(told: Told) -> Content:
    words = "Simulated data: no market ever traded at these prices. " if told.simulated else ""
    return join(
        words, "A verdict is no promise. Make it again: ", tag("code", "karat dossier verify"), ". Times are UTC."
    )
