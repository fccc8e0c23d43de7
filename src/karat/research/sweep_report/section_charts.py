"""Frames of the charts of a sweep: head, controls, canvas, and in words what the canvas shows."""

from __future__ import annotations

from itertools import combinations

from karat.research.report.html import Content, Markup, tag
from karat.research.sweep_report.ground import BINS_MAX, DrawnAxis, drawn_axes
from karat.research.sweep_report.payload import AXES_MAX, LINES_MAX, PAIRS_MAX, columns_shown
from karat.research.sweep_report.story import SweepStory
from karat.research.sweep_report.words import count, figure, name_of
from karat.stats.figure import Undefined

_SHARES = ("1", "2", "5", "10", "20", "50", "100")


def heat_panel(story: SweepStory) -> Markup | None:
    """Medians over each pair of axes; None where fewer than two things varied."""
    axes = drawn_axes(story.even.grid)
    pairs = list(combinations(axes, 2))
    if not pairs:
        return None
    options = [
        tag("option", f"{x.name} \N{MULTIPLICATION SIGN} {y.name}", value=str(k))
        for k, (x, y) in enumerate(pairs[:PAIRS_MAX])
    ]
    figures = [tag("option", name_of(name), value=str(k)) for k, name in enumerate(columns_shown(story))]
    controls = [chooser("pair", "Axes", options), chooser("heat-figure", "Figure", figures)]
    left_out = f" Of {len(pairs)} pairs the first {PAIRS_MAX} are shown." if len(pairs) > PAIRS_MAX else ""
    help_words = (
        "Each cell is the median over everything else that varied. The filled mark is the chosen plateau centre, the"
        " ring the best variant. Hatched: simulated, but the figure is undefined. Empty: not simulated. Point, tap or"
        f" use the arrow keys to read a cell.{_binned(axes)}{left_out}"
    )
    summary = f"Heat map: median {story.goal} over each pair of {', '.join(axis.name for axis in axes)}."
    return chart_panel("heat", "Heat map", "median over the others", controls, summary, help_words, focus=True)


def _binned(axes: tuple[DrawnAxis, ...]) -> str:
    names = [axis.name for axis in axes if axis.binned]
    if not names:
        return ""
    return f" {', '.join(names)}: more than {BINS_MAX} values, neighbouring ones share a bin."


def lines_panel(story: SweepStory) -> Markup | None:
    """Parallel coordinates; None where nothing varied."""
    axes = drawn_axes(story.even.grid)
    if not axes:
        return None
    options = [tag("option", f"best {share}%" if share != "100" else "all", value=share, selected=share == "10")
               for share in _SHARES]  # fmt: skip
    clear = tag("button", "Clear brushes", type="button", id="clear", class_="button", disabled=True)
    controls = [chooser("share", "Show", options), clear]
    trials = story.even.trials
    drawn = f"All {trials:,} variants are drawn."
    if trials > LINES_MAX:
        drawn = (
            f"{LINES_MAX:,} of {trials:,} variants are drawn: the best {LINES_MAX // 2:,}, and {LINES_MAX // 2:,}"
            f" evenly spread over the rest by {story.goal}. Counts are of what is drawn."
        )
    more = f" The first {AXES_MAX} of {len(axes)} axes are shown." if len(axes) > AXES_MAX else ""
    help_words = (
        f"One line a variant, through all it sets to its {story.goal}. With a mouse, drag along an axis to brush it and"
        f" click it to take the brush away. {drawn}{more}"
    )
    summary = f"Parallel coordinates of {', '.join(axis.name for axis in axes)} and {story.goal}."
    return chart_panel("lines", "Parallel coordinates", "the best share in colour", controls, summary, help_words)


def spread_panels(story: SweepStory) -> Markup:
    """How the objective and the Sharpe ratio are spread over all variants."""
    names = list(dict.fromkeys([story.goal, "sharpe"]))
    return tag("div", *(_spread(story, name) for name in names), class_="pair" if len(names) > 1 else None)


def _spread(story: SweepStory, name: str) -> Markup:
    luck = figure("sharpe", story.luck)
    if name != "sharpe":
        words = (
            "The line is the best variant, the filled mark the chosen plateau centre. What luck alone would give is"
            " told of the Sharpe ratio: of this figure nobody knows the law without an edge."
        )
    elif isinstance(story.luck, Undefined) or isinstance(story.effective, Undefined):
        words = f"No line of luck: {luck.reason}."
    else:
        words = (
            f"The dashed line is luck: {luck.text}, what the best of {count(story.effective)} independent trials is"
            f" expected to show without any edge. That is what the {story.even.trials:,} variants of this sweep are"
            " worth; what was tried before is in the ledger."
        )
    note = "every simulated variant"
    if name != "sharpe" and story.paths is not None:
        note = f"every simulated variant, on {story.paths[0]:,} paths"
    summary = f"How {name_of(name)} is spread over {story.even.trials:,} variants."
    return chart_panel(f"spread-{'sharpe' if name == 'sharpe' else 'goal'}", f"{name_of(name)} of all variants",
                  note, [], summary, words)  # fmt: skip


def chooser(name: str, words: str, options: list[Markup]) -> Markup:
    """A choice above a chart."""
    return tag("span", tag("label", words, for_=name), tag("select", *options, id=name), class_="chooser")


def chart_panel(
    name: str, heading: str, note: str, controls: list[Markup], summary: str, words: str, *, focus: bool = False
) -> Markup:
    """The frame of a chart; one with `focus` is read with the keyboard too."""
    attributes = {"tabindex": "0", "aria_roledescription": "chart"} if focus else {}
    canvas = tag("canvas", summary, role="application" if focus else "img", aria_label=summary,
                 aria_describedby=f"{name}-help", **attributes)  # fmt: skip
    ends: list[Content] = [tag("span", *controls, class_="end controls")] if controls else []
    return tag(
        "section",
        tag("div", tag("h2", heading), tag("span", note, class_="note"), *ends, class_="head"),
        tag("div", class_="legend", aria_live="polite"),
        canvas,
        tag("p", words, class_="note help", id=f"{name}-help"),
        class_="panel chart", id=name, aria_label=heading,
    )  # fmt: skip
