"""Plateau centres beside peaks: what is left of a variant when its parameters are a little off."""

from __future__ import annotations

from karat.research.plateau import Plateau
from karat.research.report.figures import Shown
from karat.research.report.html import Content, Markup, tag
from karat.research.sweep_report.ground import drawn_axes, word
from karat.research.sweep_report.story import SweepStory
from karat.research.sweep_report.words import cell, figure, name_of, share
from karat.stats.figure import Undefined

PLATEAU_MIN, PROFITABLE_MIN = 0.7, 0.8  # the checklist of validation asks for these
_FIGURES = (("Sharpe", "sharpe"), ("Return", "total_return"), ("Drawdown", "max_drawdown"), ("Trades", "trades"))


def plateaus_panel(story: SweepStory) -> Markup:
    """Centres first, then the best by the objective alone."""
    axes = [axis.name for axis in drawn_axes(story.even.grid)]
    heads = ["Kind", "Variant", *axes, *(name for name, _ in _columns(story)), "Neighbours", "Their median",
             "Plateau score", "That earn", "At the edge of"]  # fmt: skip
    first = 2 + len(axes)
    centres = [_row(story, axes, one, "centre") for one in story.centres]
    chosen = {one.row for one in story.centres}
    peaks = [_row(story, axes, _around(story, row), "peak") for row in story.peaks if row not in chosen]
    table = tag(
        "table",
        tag("thead", tag("tr", *(
            tag("th", head, scope="col", class_="r" if first <= at < len(heads) - 1 or at == 1 else None)
            for at, head in enumerate(heads)
        ))),
        tag("tbody", *centres, *peaks),
        class_="figures variants",
    )  # fmt: skip
    return tag(
        "section",
        tag("div", tag("h2", "Plateaus and peaks"), tag("span", f"by {story.goal}", class_="note"), class_="head"),
        _none(story),
        tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Best variants"),
        tag("p", *_words(story), class_="note help"),
        class_="panel", id="plateaus", aria_label="Plateaus and peaks",
    )  # fmt: skip


def _none(story: SweepStory) -> Markup | None:
    if not story.peaks:
        return tag("p", f"No variant has a defined {story.goal}: there is nothing to order.", class_="empty")
    if isinstance(story.plateaus, Undefined):
        return tag("p", f"No plateaus: {story.plateaus.reason}.", class_="empty")
    if not story.centres:
        return tag("p", f"No plateau: no variant whose {story.goal} is above zero has neighbours.", class_="empty")
    return None


def _words(story: SweepStory) -> list[Content]:
    paths = ""
    if story.paths is not None and story.paths[0] != story.paths[1]:
        paths = (
            f" Neighbours are compared on {story.paths[0]:,} paths; the column of {story.paths[1]:,} has the same"
            " figure scored again, for the best alone."
        )
    return [
        f"A centre is the middle of a plateau; a peak is the best by {story.goal} alone, and chance makes peaks. The"
        " plateau score is the median of the neighbours over the variant's own;"
        f" the checklist asks for {PLATEAU_MIN:.0%}, and for {PROFITABLE_MIN:.0%} of neighbours that earn. Beyond an"
        f" edge nobody looked.{paths}"
    ]  # fmt: skip


def _columns(story: SweepStory) -> list[tuple[str, str]]:
    """(head, column) of the figures shown."""
    goal = name_of(story.goal)
    again: list[tuple[str, str]] = []
    if story.paths is not None and story.paths[0] != story.paths[1]:
        goal, again = f"{goal} on {story.paths[0]:,} paths", [(f"on {story.paths[1]:,} paths", "")]
    others = [(head, name) for head, name in _FIGURES if name != story.goal]
    return [(goal, story.goal), *again, *others]


def _around(story: SweepStory, row: int) -> Plateau:
    if isinstance(story.plateaus, Undefined):
        none, value = story.plateaus, float(story.even.column(story.goal)[row])
        return Plateau(row, value if value == value else none, 0, none, none, none, ())
    return story.plateaus.of(row)


def _row(story: SweepStory, axes: list[str], one: Plateau, kind: str) -> Markup:
    settings = story.even.settings(one.row)
    enough = not isinstance(one.score, Undefined) and one.score >= PLATEAU_MIN
    earn = not isinstance(one.profitable, Undefined) and one.profitable >= PROFITABLE_MIN
    main = kind == "centre" and one.row == story.centres[0].row
    return tag(
        "tr",
        tag("td", tag("span", "chosen centre" if main else kind, class_=f"chip {kind}")),
        tag("td", str(int(story.even.variants[one.row])), class_="r"),
        *(tag("td", word(settings[name])) for name in axes),
        *(cell(_value(story, name, one)) for _, name in _columns(story)),
        cell(Shown(f"{one.neighbours:,}")),
        cell(figure(story.goal, one.median)),
        cell(Shown(share(one.score).text, "" if enough else "short", share(one.score).reason)),
        cell(Shown(share(one.profitable).text, "" if earn else "short", share(one.profitable).reason)),
        tag("td", ", ".join(one.edges) or "none", class_="warning" if one.edges else None),
        class_="main" if main else None,
    )


def _value(story: SweepStory, name: str, one: Plateau) -> Shown:
    if name == story.goal:
        return figure(name, one.objective)
    if name:
        return figure(name, float(story.even.column(name)[one.row]))
    if one.row not in story.result.refined:
        return figure(story.goal, Undefined("not among the best, which alone were scored again"))
    return figure(story.goal, float(story.result.column(story.goal)[one.row]))
