"""Figures and settings of a sweep as its page writes them."""

from __future__ import annotations

from typing import Any

from karat.research.report.figures import NOTHING, Shown, fixed, signed, tone
from karat.research.report.html import Markup, tag
from karat.stats.figure import Figure, Undefined

_SIGNED_SHARES = ("consistency", "growth_low", "growth_middle", "growth_high", "cagr", "total_return")


def name_of(column: str) -> str:
    """A figure as people say it: an expression stays as it was written."""
    return column.replace("_", " ").capitalize() if column.isidentifier() else column


def figure(name: str, value: Figure) -> Shown:
    """A figure of a variant in the form it has in tables; NaN has none."""
    if isinstance(value, Undefined):
        return Shown(NOTHING, reason=value.reason)
    if value != value:
        return Shown(NOTHING, reason="undefined for this variant")
    if name in _SIGNED_SHARES:
        text = signed(value * 100, 2) + "%"
        return Shown(text, tone(text))
    if name == "max_drawdown":
        return Shown(fixed(value * 100, 2) + "%")
    return Shown(fixed(value, 0) if name == "trades" else signed(value, 2) if name == "sharpe" else fixed(value, 3))


def count(number: float) -> str:
    """A number of trials that need not be whole; its decimal says nothing where there are many."""
    return fixed(number, 1 if number < 100.0 else 0)


def cell(shown: Shown, **attributes: Any) -> Markup:
    """A cell of a table, with the reason where there is no figure."""
    classes = " ".join(one for one in ("r", shown.tone) if one)
    return tag("td", shown.text, class_=classes, title=shown.reason or None, **attributes)


def share(value: Figure) -> Shown:
    """A share as whole per cent."""
    if isinstance(value, Undefined):
        return Shown(NOTHING, reason=value.reason)
    return Shown(f"{fixed(value * 100, 0)}%")
