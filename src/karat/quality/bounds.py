"""Which values cannot be: the bounds of every series of the table of inputs, by its unit, and of columns by name.

A bound is what the thing measured cannot leave (a share lies in 0 to 1, nobody holds fewer than no coins), not what is
usual. A barrel of oil did cost less than nothing (April 2020), so its price has no bound below.
"""

from __future__ import annotations

from functools import cache

from karat.core.inputs import known_inputs

Bounds = tuple[float | None, float | None]  # lowest and highest that can be, both allowed; None: no bound
FREE: Bounds = (None, None)
NOT_NEGATIVE: Bounds = (0.0, None)
SHARE: Bounds = (-1.0, 1.0)
PER_CENT: Bounds = (0.0, 100.0)

# Signed by nature, whatever their unit says: flows in and out, differences, what was paid below zero.
_SIGNED = frozenset({"btc_etf_net_flow", "coinglass_etf_flow", "coinglass_funding_cumulative", "wti"})
_BY_UNIT: tuple[tuple[str, Bounds], ...] = (
    ("0 to 100", PER_CENT),
    ("-1 to 1", SHARE),
    ("percent a", (-100.0, 1000.0)),  # a year, an interval: rates, which may be negative
    ("percent", PER_CENT),
    ("fraction", SHARE),
    ("z score", FREE),
    ("sum", FREE),
    ("milliseconds", FREE),
)
_BY_COLUMN: dict[str, Bounds] = {
    "price": NOT_NEGATIVE,
    "quantity": NOT_NEGATIVE,
    "mark": NOT_NEGATIVE,
    "count": NOT_NEGATIVE,
    "volume": NOT_NEGATIVE,
    "usd": NOT_NEGATIVE,
    "total_usd": NOT_NEGATIVE,
    "long_usd": NOT_NEGATIVE,
    "short_usd": NOT_NEGATIVE,
    "subjectivity": (0.0, 1.0),
}
_LIKE_VALUE = frozenset({"value", "open", "high", "low", "close"})


def bounds_of(kind: str, column: str) -> Bounds:
    """What the values of a column of that kind of table cannot leave; FREE where nothing is known."""
    if column in _BY_COLUMN:
        return _BY_COLUMN[column]
    declared = _declared().get(kind)
    if declared is None:
        return FREE
    return declared[1] if column == declared[0] or column in _LIKE_VALUE else FREE


@cache
def _declared() -> dict[str, tuple[str, Bounds]]:
    """By kind of table its main column and that column's bounds."""
    return {one.kind: (one.column, _of_unit(one.kind, one.unit)) for one in known_inputs()}


def _of_unit(kind: str, unit: str) -> Bounds:
    if kind in _SIGNED:
        return FREE
    return next((bounds for word, bounds in _BY_UNIT if unit.startswith(word)), NOT_NEGATIVE)
