"""The sweep of the region and the refinement: heat maps and parallel coordinates, the chosen variant marked."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.research.dossier.page.told import Told
from karat.research.dossier.page.words import empty, label, panel
from karat.research.report.html import Markup, join, tag
from karat.research.report.packing import pack, pack_drawn
from karat.research.sweep_report.ground import DrawnAxis, drawn_axes
from karat.research.sweep_report.payload import AXES_MAX, PAIRS_MAX, line_rows, medians
from karat.research.sweep_report.section_charts import chart_panel, chooser
from karat.research.sweeps.grid import SweepGrid

SEARCHES = ("sweep", "refinement")
_SHARES = ("1", "2", "5", "10", "20", "50", "100")
_NOTES = {
    "sweep": "a reasonable region of parameters, all markets pooled",
    "refinement": "around the best plateau of the region, all markets pooled",
}


def payload(told: Told) -> dict[str, Any]:
    """Data of each search as `heat.js` and `lines.js` read them; None where nothing varied or it was not reached."""
    return {name: _search(told, name) for name in SEARCHES}


def _axes(picture: Mapping[str, Any]) -> tuple[DrawnAxis, ...]:
    """What varied among the variants of a picture."""
    names = list(picture["settings"][0]) if picture["settings"] else []
    values = {name: tuple(dict.fromkeys(_plain(one[name]) for one in picture["settings"])) for name in names}
    return drawn_axes(SweepGrid(values, {}))


def _plain(value: Any) -> Any:
    """A limit that is off is NaN, as grids have it; one NaN, so that it is the same value each time."""
    return np.nan if isinstance(value, Mapping) else value


def _bins(axis: DrawnAxis, settings: list[Mapping[str, Any]]) -> Ints:
    values = list(dict.fromkeys(_plain(one[axis.name]) for one in settings))
    return np.array([axis.bin_of[values.index(_plain(one[axis.name]))] for one in settings], np.int64)


def _search(told: Told, name: str) -> dict[str, Any] | None:
    picture = told.picture(name, "variants")
    axes = () if picture is None else _axes(picture)
    if picture is None or not axes:
        return None
    settings = picture["settings"]
    values = np.array([np.nan if one is None else one for one in picture["values"]], np.float64)
    places = {axis.name: _bins(axis, settings) for axis in axes}
    best = int(np.nanargmax(values)) if np.isfinite(values).any() else None
    return {
        "figures": [{"name": picture["by"], "share": False, "low": False}],
        "axes": [{"name": axis.name, "labels": axis.labels, "binned": axis.binned} for axis in axes],
        "pairs": _pairs(axes, places, values),
        "centre": _marked(_chosen(told, name), settings, axes, places),
        "peak": None if best is None else [int(places[axis.name][best]) for axis in axes],
        "lines": _lines(axes[:AXES_MAX], places, values, _row_of(_chosen(told, name), settings)),
    }


def _chosen(told: Told, name: str) -> Mapping[str, Any] | None:
    if name == "refinement":
        chosen = told.numbers(name, "chosen")
        return None if chosen is None else dict(chosen["settings"])
    centres = told.numbers(name, "centres")
    return dict(centres[0]["settings"]) if centres else None


def _row_of(chosen: Mapping[str, Any] | None, settings: list[Mapping[str, Any]]) -> int | None:
    return next((at for at, one in enumerate(settings) if one == chosen), None)


def _marked(
    chosen: Mapping[str, Any] | None, settings: list[Mapping[str, Any]], axes: tuple[DrawnAxis, ...],
    places: Mapping[str, Ints],
) -> list[int] | None:  # fmt: skip
    """The bins of what was chosen: on each axis those of a variant that sets the same."""
    found = []
    for axis in axes if chosen is not None else ():
        same = [at for at, one in enumerate(settings) if chosen is not None and one[axis.name] == chosen[axis.name]]
        if not same:
            return None
        found.append(int(places[axis.name][same[0]]))
    return found or None


def _pairs(axes: tuple[DrawnAxis, ...], places: Mapping[str, Ints], values: Floats) -> list[dict[str, Any]]:
    order = np.argsort(values, kind="stable")[: np.count_nonzero(~np.isnan(values))]
    found = []
    for x, y in list(combinations(axes, 2))[:PAIRS_MAX]:
        count = len(x.labels) * len(y.labels)
        cell = places[x.name].astype(np.int64) * len(y.labels) + places[y.name]
        found.append({
            "x": axes.index(x), "y": axes.index(y), "count": pack(np.bincount(cell, minlength=count)),
            "medians": [pack_drawn(medians(values[order], cell[order], count))],
        })  # fmt: skip
    return found


def _lines(
    axes: tuple[DrawnAxis, ...], places: Mapping[str, Ints], values: Floats, chosen: int | None
) -> dict[str, Any]:
    rows, ranks = line_rows(values, low=False, simulated=np.ones(len(values), np.bool_))
    return {
        "of": len(values), "known": int(np.count_nonzero(~np.isnan(values))),
        "variant": pack(rows), "rank": pack(ranks),
        "marked": None if chosen is None else int(np.flatnonzero(rows == chosen)[0]),
        "bins": [pack(places[axis.name][rows]) for axis in axes], "values": [pack_drawn(values[rows])],
    }  # fmt: skip


def search_panels(told: Told, name: str) -> Markup:
    """Frames of one search's charts, or why there are none."""
    heading, picture = label(name), told.picture(name, "variants")
    if picture is None:
        return panel(f"{name}-none", heading, _NOTES[name], empty(told.why_not(name)))
    axes = _axes(picture)
    if not axes:
        return panel(f"{name}-none", heading, _NOTES[name], empty("Nothing varied: there is one variant."))
    drawn = len(picture["settings"])
    kept = f"All {drawn:,} variants are drawn." if drawn == picture["of"] else (
        f"{drawn:,} of {picture['of']:,} variants are drawn, spread evenly."
    )  # fmt: skip
    return join(_heat(name, heading, picture["by"], axes, kept), _coordinates(name, heading, picture["by"], axes, kept))


def _heat(name: str, heading: str, by: str, axes: tuple[DrawnAxis, ...], kept: str) -> Markup | None:
    pairs = list(combinations(axes, 2))
    if not pairs:
        return None
    options = [
        tag("option", f"{x.name} \N{MULTIPLICATION SIGN} {y.name}", value=str(k))
        for k, (x, y) in enumerate(pairs[:PAIRS_MAX])
    ]
    controls = [
        chooser(f"{name}-pair", "Axes", options),
        chooser(f"{name}-heat-figure", "Figure", [tag("option", by, value="0")]),
    ]
    words = (
        "Each cell is the median over everything else that varied. The filled mark is the chosen plateau centre, the"
        " ring the highest variant. Hatched: undefined, or what it sets contradicts itself. Empty: not drawn from the"
        f" grid. {kept}"
    )
    summary = f"Heat map of the {heading.lower()}: median {by} over each pair of {', '.join(one.name for one in axes)}."
    return chart_panel(f"{name}-heat", f"{heading}: heat map", _NOTES[name], controls, summary, words, focus=True)


def _coordinates(name: str, heading: str, by: str, axes: tuple[DrawnAxis, ...], kept: str) -> Markup:
    options = [
        tag("option", f"best {share}%" if share != "100" else "all", value=share, selected=share == "20")
        for share in _SHARES
    ]
    clear = tag("button", "Clear brushes", type="button", id=f"{name}-clear", class_="button", disabled=True)
    words = (
        f"One line a variant, through all it sets to its {by}; the strong one is the chosen. Drag along an axis to"
        f" brush it, click it to take the brush away. {kept}"
    )
    summary = f"Parallel coordinates of the {heading.lower()}: {', '.join(one.name for one in axes)} and {by}."
    return chart_panel(
        f"{name}-lines", f"{heading}: parallel coordinates", _NOTES[name],
        [chooser(f"{name}-share", "Show", options), clear], summary, words,
    )  # fmt: skip
