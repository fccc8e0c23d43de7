"""Small pictures that need no script: strips of a band, histograms, fans. Lines keep their width at any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from karat.core.model.candles import Floats
from karat.research.report.html import Markup, tag

_WIDE, _HIGH = 1000.0, 100.0


def _picture(height: float, kind: str, words: str, *parts: Markup | None) -> Markup:
    return tag(
        "svg", tag("title", words), *parts, viewBox=f"0 0 {_WIDE:g} {height:g}", preserveAspectRatio="none",
        class_=kind, role="img", aria_label=words,
    )  # fmt: skip


def _place(value: float, low: float, high: float) -> float:
    return (min(max(value, low), high) - low) / (high - low) * _WIDE if high > low else _WIDE / 2


def _line(x: float, kind: str, top: float = 0.0, bottom: float = _HIGH) -> Markup:
    return tag("path", d=f"M{x:.1f} {top:g}V{bottom:g}", class_=kind)


def strip(band: Mapping[str, Any], real: float | None, low: float, high: float, words: str) -> Markup:
    """The 5th to 95th percentile, the middle half, the median, and a line where the real figure lies."""

    def at(name: str) -> float:
        return _place(band[name], low, high)

    box = [
        tag(
            "path",
            d=f"M{at(first):.1f} {top:g}H{max(at(last), at(first) + 3):.1f}V{bottom:g}H{at(first):.1f}z",
            class_=kind,
        )
        for first, last, top, bottom, kind in (("p5", "p95", 38.0, 62.0, "outer"), ("p25", "p75", 20.0, 80.0, "inner"))
    ]
    zero = _line(_place(0.0, low, high), "zero") if low < 0.0 < high else None
    real_line = None if real is None else _line(_place(real, low, high), "real")
    return _picture(_HIGH, "strip", words, zero, *box, _line(at("p50"), "median", 20.0, 80.0), real_line)


def dots(values: Sequence[float], low: float, high: float, words: str) -> Markup:
    """A line for each value."""
    zero = _line(_place(0.0, low, high), "zero") if low < 0.0 < high else None
    return _picture(_HIGH, "strip", words, zero, *(_line(_place(one, low, high), "dot", 15.0, 85.0) for one in values))


def histogram(counts: Sequence[int], edges: Sequence[float], words: str) -> Markup:
    """Bars of equal width; those below zero have another tint."""
    most, low, high = max([*counts, 1]), edges[0], edges[-1]
    bars = [
        tag("path", d=f"M{_place(edges[at], low, high) + 1:.1f} {_HIGH:g}V{_HIGH - _HIGH * count / most:.2f}"
                      f"H{_place(edges[at + 1], low, high) - 1:.1f}V{_HIGH:g}z",
            class_="below" if (edges[at] + edges[at + 1]) / 2 < 0 else "above")
        for at, count in enumerate(counts) if count
    ]  # fmt: skip
    zero = _line(_place(0.0, low, high), "zero") if low < 0.0 < high else None
    return _picture(_HIGH, "histogram", words, *bars, zero)


def fan(after: Floats, values: Floats, low: float, high: float, words: str) -> Markup:
    """Seven percentiles (1, 5, 25, 50, 75, 95, 99) of equity over time, on a scale of equal ratios, with the start.

    after: float64[steps]; values: float64[steps, 7], over the capital; low, high: above zero.
    """
    span = float(after[-1]) or 1.0
    x = np.concatenate([[0.0], after / span * _WIDE])
    whole = np.concatenate([np.ones((1, values.shape[1])), np.maximum(values, low)])
    y = (1.0 - (np.log(whole) - np.log(low)) / (np.log(high) - np.log(low))) * _HIGH
    areas = [
        tag(
            "path",
            d=_path(np.concatenate([x, x[::-1]]), np.concatenate([y[:, one], y[::-1, 6 - one]])) + "z",
            class_=kind,
        )
        for one, kind in ((0, "far"), (1, "outer"), (2, "inner"))
    ]
    start = tag("path", d=f"M0 {y[0, 0]:.2f}H{_WIDE:g}", class_="zero")
    return _picture(_HIGH, "fan", words, *areas, start, tag("path", d=_path(x, y[:, 3]), class_="median"))


def _path(x: Floats, y: Floats) -> str:
    return "M" + "L".join(f"{one:.0f} {other:.1f}" for one, other in zip(x.tolist(), y.tolist(), strict=True))
