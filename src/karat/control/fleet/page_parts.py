"""Tables and panels of the fleet's page."""

from __future__ import annotations

from collections.abc import Sequence

from karat.research.report.html import Content, Markup, tag


def table_of(head: Sequence[str], rows: Sequence[Sequence[Content]], *, numbers_from: int) -> Markup:
    """A table whose first column names the row; it scrolls by itself where the page is narrow."""
    titles = [tag("th", text, scope="col", class_="r" if at >= numbers_from else None) for at, text in enumerate(head)]
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            *(tag("td", cell, class_="r" if at >= numbers_from else None) for at, cell in enumerate(row[1:], 1)),
        )
        for row in rows
    ]
    table = tag("table", tag("thead", tag("tr", *titles)), tag("tbody", *body), class_="fleet")
    return tag("div", table, class_="scroll", tabindex="0", role="group")


def panel(name: str, heading: str, note: str, body: Content) -> Markup:
    head = tag("div", tag("h2", heading), tag("span", note, class_="note"), class_="head")
    return tag("section", head, body, class_="panel", id=name, aria_label=heading)
