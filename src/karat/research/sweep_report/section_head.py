"""The top of a sweep's page: what was swept, on what assumptions, and the six figures asked for first."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from karat.research.report.figures import Shown, day, plural
from karat.research.report.html import Content, Markup, join, tag
from karat.research.sweep_report.ground import word
from karat.research.sweep_report.payload import shown_values
from karat.research.sweep_report.section_plateaus import PLATEAU_MIN, PROFITABLE_MIN
from karat.research.sweep_report.story import SweepStory
from karat.research.sweep_report.words import count, figure, share
from karat.stats.figure import Figure, Undefined

_NAMES_SHOWN = 4
_NO_CENTRE = Undefined("no variant above zero has neighbours")
_NO_PEAK = Undefined("no variant has a defined figure")

Fact = tuple[str, Content, bool]


def title(story: SweepStory) -> Markup:
    """Name and chips: whether the data are simulated comes first."""
    data = ("Simulated data", "chip simulated") if story.simulated else ("Real data", "chip")
    where = f"Pool of {len(story.places)} markets" if story.is_pool else story.places[0].market
    words = [where, str(story.spec["timeframe"]), plural(trials_of(story), "trial"), f"by {story.by}"]
    chips = [tag("span", data[0], class_=data[1]), *(tag("span", text, class_="chip") for text in words)]
    ids = [join("sweep ", tag("code", story.places[0].sweep))] if not story.is_pool else []
    return tag("div", tag("h1", story.spec["strategy"]), *chips, tag("span", *ids, class_="note"), class_="title")


def trials_of(story: SweepStory) -> int:
    """How many variants were simulated, on all markets of a pool together."""
    return story.even.trials * len(story.places)


def stamp_panel(story: SweepStory) -> Markup:
    """What was swept, those lines marked that make it worth less."""
    facts = list(_facts(story))
    warnings = sum(warning for _, _, warning in facts)
    rows = [
        tag("div", tag("dt", _sign(warning), name), tag("dd", text), class_="warning" if warning else None)
        for name, text, warning in facts
    ]
    said = plural(warnings, "warning") if warnings else "no warnings"
    return tag(
        "section",
        tag("div", tag("h2", "What was swept"), tag("span", said, class_="note"), class_="head"),
        tag("dl", *rows, class_="stamp"),
        class_="panel", id="stamp", aria_label="What was swept",
    )  # fmt: skip


def _facts(story: SweepStory) -> Iterator[Fact]:
    for place in story.places:
        kind = "SIMULATED" if place.simulated else "real"
        text = f"{kind}, {place.market}, {day(place.first_ms)} to {day(place.end_ms)}, before its vault"
        yield "Data", text, place.simulated
    assumed = [place.market for place in story.places if place.assumed]
    yield "Instrument", f"ASSUMED: {', '.join(assumed)}" if assumed else "known", bool(assumed)
    yield "Costs", story.costs, story.costs != "pessimistic" and story.costs != "brutal"
    yield from _search(story)
    for name, values in _axes(story).items():
        shown = [word(one) for one in values]
        some = shown if len(shown) <= _NAMES_SHOWN else [*shown[: _NAMES_SHOWN - 2], "...", shown[-1]]
        text = shown[0] if len(shown) == 1 else f"{', '.join(some)} ({len(shown)} values)"
        yield name, text, False
    for condition in story.spec["conditions"]:
        yield "Only where", tag("code", condition), False


def _search(story: SweepStory) -> Iterator[Fact]:
    spec, even = story.spec, story.even
    yield "Sampler", f"{spec['sampler']}, {even.grid.variants:,} combinations, seed {spec['seed']}", False
    markets = f" on each of {len(story.places)} markets" if story.is_pool else ""
    none = np.isnan(shown_values(story, story.goal))
    lost = int(np.count_nonzero(none)) - even.skipped - len(even.pruned)
    words = [f"{even.trials:,} variants simulated{markets}"]
    if even.skipped:
        words.append(f"{even.skipped:,} contradict themselves")
    if len(even.pruned):
        words.append(f"{len(even.pruned):,} given up half way")
    if lost:
        words.append(f"{lost:,} without a defined {story.goal}")
    yield "Trials", "; ".join(words), False
    if story.paths is not None:
        few, many = story.paths
        best = "" if few == many else f", the best {len(story.result.refined):,} once more on {many:,}"
        yield "Paths", f"charts and plateaus on {few:,} for every variant{best}", False
    if story.is_pool:
        yield "Pool", "median of each figure over the markets, worst drawdown, all trades", False


def _axes(story: SweepStory) -> dict[str, tuple[object, ...]]:
    return {**story.even.grid.parameters, **story.even.grid.policy}


def _sign(warning: bool) -> Markup:
    shape = "M8 1.6 15 14.2H1Z" if warning else "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z"
    name = "warning" if warning else "as it stands"
    return tag("svg", tag("path", d=shape), viewBox="0 0 16 16", width="12", height="12", role="img", aria_label=name)


def band(story: SweepStory) -> Markup:
    """The six figures asked for first, each with the other that it is to be read with."""
    goal, even = story.goal, story.even
    peak = figure(goal, float(story.result.column(goal)[story.peaks[0]]) if story.peaks else _NO_PEAK)
    centre = story.centres[0] if story.centres else None
    chosen = figure(goal, _best_known(story, centre.row) if centre else _NO_CENTRE)
    score = share(centre.score if centre else _NO_CENTRE)
    near = share(centre.profitable if centre else _NO_CENTRE)
    sharpes = even.column("sharpe")
    known = sharpes[sharpes == sharpes]
    best = figure("sharpe", float(known.max()) if len(known) else _NO_PEAK)
    luck = figure("sharpe", story.luck)
    effective = story.effective
    worth = Shown("", reason=effective.reason) if isinstance(effective, Undefined) else Shown(count(effective))
    cells = [
        _cell("Trials", Shown(f"{trials_of(story):,}"), f"worth {worth.text} independent ones" if worth.text else
              worth.reason),
        _cell(f"Best {goal}", peak, _peak_words(story)),
        _cell("Chosen centre", chosen, _centre_words(story)),
        _cell("Plateau score", _or_short(score, centre.score if centre else _NO_CENTRE, PLATEAU_MIN),
              "its neighbours' median over its own"),
        _cell("Neighbours that earn", _or_short(near, centre.profitable if centre else _NO_CENTRE, PROFITABLE_MIN),
              f"of {centre.neighbours:,} around it" if centre else _NO_CENTRE.reason),
        _cell("Sharpe of luck", luck, f"without any edge; the best here is {best.text}"),
    ]  # fmt: skip
    return tag("section", *cells, class_="panel band", aria_label="Figures asked for first")


def _or_short(shown: Shown, value: Figure, least: float) -> Shown:
    """A share in words, marked where it is less than the checklist asks for."""
    short = not isinstance(value, Undefined) and value < least
    return Shown(f"{shown.text} of {least:.0%}", "short") if short else shown


def _peak_words(story: SweepStory) -> str:
    paths = "" if story.paths is None else f"on {story.paths[1]:,} paths; "
    return f"{paths}a peak, by luck too"


def _centre_words(story: SweepStory) -> str:
    """Where the chosen centre's figure comes from."""
    if story.paths is None:
        return f"{story.goal} in the middle of the highest plateau"
    again = bool(story.centres) and story.centres[0].row in story.result.refined
    paths = story.paths[1 if again else 0]
    return f"{story.goal} on {paths:,} paths, in the middle of the highest plateau"


def _best_known(story: SweepStory, row: int) -> Figure:
    """The figure of a variant on many paths where it was scored on them: of few it is mostly noise."""
    value = float(story.result.column(story.goal)[row])
    return value if value == value else Undefined("undefined for this variant")


def _cell(label: str, shown: Shown, below: str) -> Markup:
    return tag(
        "div",
        tag("div", label, class_="label"),
        tag("div", shown.text, class_=f"figure {shown.tone}".strip(), title=shown.reason or None),
        tag("div", shown.reason or below, class_="below"),
    )
