"""Returns by calendar month as a heat map whose cells hold their figures."""

from __future__ import annotations

from karat.research.report.figures import MINUS, NOTHING, signed
from karat.research.report.html import Markup, tag
from karat.research.report.inputs import ReportInput
from karat.stats import Figure, Undefined

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FULL_LEAST = 0.01  # months within 1% never get the full tint
_STEPS = ((1 / 12, 0), (5 / 12, 1), (10 / 12, 2))  # share of the full tint up to which a step reaches


def months_panel(report: ReportInput) -> Markup:
    """One row a year, newest first; the tint is full at the largest month."""
    cells = [abs(cell) for row in report.months for cell in row.months if isinstance(cell, float)]
    full = max([_FULL_LEAST, *cells])
    rows = [
        tag(
            "tr",
            tag("th", str(row.year), scope="row"),
            *(_cell(month, cell, full) for month, cell in zip(_MONTHS, row.months, strict=True)),
            _cell("Year", row.total, full, year=True),
        )
        for row in reversed(report.months)
    ]
    head = [tag("th", name, scope="col") for name in ("Year", *_MONTHS, "Year")]
    scale = [tag("span", class_=f"tint {name}") for name in ("n3", "n2", "n1", "z", "p1", "p2", "p3")]
    note = f"at {report.main} costs, UTC months, per cent; partial months count from the first bar to the last"
    return tag(
        "section",
        tag("div", tag("h2", "Monthly returns"), tag("span", note, class_="note"), class_="head"),
        tag(
            "div",
            tag("table", tag("thead", tag("tr", *head)), tag("tbody", *rows), class_="months"),
            class_="scroll",
            tabindex="0",
            role="region",
            aria_label="Monthly returns in per cent",
        ),
        tag(
            "p",
            f"{MINUS}{full * 100:.1f}%",
            tag("span", *scale, class_="scale", aria_hidden="true"),
            f"+{full * 100:.1f}%",
            class_="note scale-line",
        ),
        class_="panel",
        id="months",
        aria_label="Monthly returns",
    )


def tint(value: float, full: float) -> str:
    """Step of the diverging scale: n3 to n1, z, p1 to p3."""
    share = abs(value) / full
    step = next((step for bound, step in _STEPS if share <= bound), 3)
    return f"{'n' if value < 0 else 'p'}{step}" if step else "z"


def _cell(name: str, cell: Figure | None, full: float, *, year: bool = False) -> Markup:
    whole = " year" if year else ""
    if cell is None:
        return tag("td", class_="none", data_month=name)
    if isinstance(cell, Undefined):
        return tag("td", NOTHING, class_=f"none{whole}", title=cell.reason, data_month=name)
    return tag("td", signed(cell * 100, 1), class_=f"tint {tint(cell, full)}{whole}", data_month=name)
