"""Join what a file brings to what the lake has: equal bars agree, others are added, contradictions are refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Ints
from karat.core.time import HOUR_MS, MINUTE_MS, iso
from karat.ingest.table import Table

Columns = dict[str, NDArray[Any]]
_SHIFTS_MS = tuple(sign * quarter * 15 * MINUTE_MS for quarter in range(1, 14 * 4 + 1) for sign in (1, -1))
_ENOUGH_TO_JUDGE = 10


@dataclass(frozen=True, slots=True)
class Joined:
    """The columns after joining, and how many rows came new or took the place of others."""

    columns: Columns
    added: int
    replaced: int


def join(table: Table, old: Columns | None, new: Columns, row: Ints, *, replace: bool) -> Joined:
    """Union by time. Where both have a time they must be equal to the bit, or the new one wins with `replace`.

    Raises DataRefused `differs` (or `wrong_zone` when the new rows equal the old ones some whole quarter hours away).
    """
    if old is None:
        return Joined(new, len(new["ts"]), 0)
    at = np.minimum(np.searchsorted(old["ts"], new["ts"]), len(old["ts"]) - 1)
    known = old["ts"][at] == new["ts"]
    differs = known & np.logical_or.reduce([old[name][at] != new[name] for name in new])
    if differs.any() and not replace:
        _refuse_difference(table, old, new, row, differs)
    added, replaced = int(np.count_nonzero(~known)), int(np.count_nonzero(differs))
    if added == 0 and replaced == 0:
        return Joined(old, 0, 0)
    kept = ~np.isin(old["ts"], new["ts"][differs])
    fresh = ~known | differs
    order = np.argsort(np.concatenate((old["ts"][kept], new["ts"][fresh])), kind="stable")
    columns = {name: np.concatenate((old[name][kept], new[name][fresh]))[order] for name in new}
    return Joined(columns, added, replaced)


def _refuse_difference(table: Table, old: Columns, new: Columns, row: Ints, differs: NDArray[np.bool_]) -> None:
    first, count = int(np.argmax(differs)), int(np.count_nonzero(differs))
    when = iso(int(new["ts"][first]))
    shift = _equal_when_shifted(old, new)
    if shift:
        side = "later" if shift < 0 else "earlier"
        reason = f"wrong zone: its rows equal those in the lake {abs(shift) / HOUR_MS:g} h {side}"
        table.refuse("wrong_zone", int(row[first]), reason, "Name its zone, for example --zone +03:00, or convert it.")
    name = next(name for name in new if old[name][np.searchsorted(old["ts"], new["ts"][first])] != new[name][first])
    before = old[name][np.searchsorted(old["ts"], new["ts"][first])]
    reason = f"{when}: {name} is {new[name][first]:g}, the lake has {before:g} ({count} rows differ)"
    table.refuse("differs", int(row[first]), reason, "Use --replace to let this file win, or leave it out.")


def _equal_when_shifted(old: Columns, new: Columns) -> int:
    """The shift in ms that makes nearly all common rows equal, 0 when there is none: a file stamped in another zone."""
    for shift in _SHIFTS_MS:
        moved = new["ts"] - shift
        at = np.minimum(np.searchsorted(old["ts"], moved), len(old["ts"]) - 1)
        known = old["ts"][at] == moved
        common = int(np.count_nonzero(known))
        if common < _ENOUGH_TO_JUDGE:
            continue
        equal = np.logical_and.reduce([old[name][at[known]] == new[name][known] for name in new if name != "ts"])
        if np.count_nonzero(equal) > 0.9 * common:
            return shift
    return 0
