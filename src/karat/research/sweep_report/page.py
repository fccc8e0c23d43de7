"""The page of a sweep: one file that asks nothing of any network, in the look of every report."""

from __future__ import annotations

import json
from typing import Any

from karat.research.report.document import document
from karat.research.report.html import Markup, join, tag
from karat.research.report.section_head import top_bar
from karat.research.sweep_report.payload import payload
from karat.research.sweep_report.section_charts import heat_panel, lines_panel, spread_panels
from karat.research.sweep_report.section_head import band, stamp_panel, title
from karat.research.sweep_report.section_plateaus import plateaus_panel
from karat.research.sweep_report.story import SweepStory

_SCRIPTS = (
    "format.js", "columns.js", "theme.js", "axes.js", "canvas.js", "heat.js", "lines.js", "spread.js", "sweep.js",
)  # fmt: skip


def render(story: SweepStory) -> str:
    """The page as one HTML document."""
    where = f"{len(story.places)} markets" if story.is_pool else story.places[0].market
    heading = f"{story.spec['strategy']} on {where}: Karat sweep"
    return document(
        f"{heading}, simulated data" if story.simulated else heading,
        payload(story),
        top_bar("Sweep report"),
        [
            title(story),
            tag("noscript", tag("p", "Charts need a script; the rest is here.", class_="panel empty")),
            stamp_panel(story),
            band(story),
            plateaus_panel(story),
            heat_panel(story),
            lines_panel(story),
            spread_panels(story),
            _spec_panel(story),
        ],
        _footer(story),
        scripts=_SCRIPTS,
        styles=("sweep.css",),
        packages=("karat.research.sweep_report",),
    )


def _spec_panel(story: SweepStory) -> Markup:
    """Everything that decided the sweep, as it is kept."""
    rows = [tag("tr", tag("th", name, scope="row"), tag("td", _written(value))) for name, value in story.spec.items()]
    of = f"of {story.places[0].market}, the first of the pool" if story.is_pool else "as the sweep's folder keeps it"
    return tag(
        "details",
        tag("summary", "What decided the sweep", tag("span", of, class_="note")),
        tag("div", tag("table", tag("tbody", *rows), class_="manifest"), class_="scroll", tabindex="0", role="region",
            aria_label="What decided the sweep"),
        class_="panel", id="manifest",
    )  # fmt: skip


def _written(value: Any) -> Markup:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    most = 2_000  # an axis of a thousand values is in spec.json
    return tag("code", text if len(text) <= most else f"{text[:most]}...")


def _footer(story: SweepStory) -> Markup:
    words = "Simulated data: no market ever traded at these prices. " if story.simulated else ""
    return join(words, "The best of many trials is partly luck, and a sweep is no promise. Times are UTC.")
