"""Trades as columns, and the trades that no bar may hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints

Sides = NDArray[np.int8]
BUY, UNKNOWN, SELL = 1, 0, -1
LEAST, MOST = 1e-100, 1e100  # of a price and of a quantity: products and quotients of two of them stay finite
LAST_MS = 253_402_300_799_999  # the last millisecond of the year 9999; a stamp in microseconds lies beyond


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """A tape, in the order in which the venue sent it; columns of one length.

    `ts` int64 UTC milliseconds; `price` and `quantity` float64, the latter in base units; `side` int8 of the taker:
    1 bought, -1 sold, 0 unknown. What cannot be a trade (NaN, a price or quantity of 0 or less, a time before 1970 or
    after 9999, another side) is not refused here but counted as unusable by the bars. Arrays become read-only.
    Raises InputError `bad_input` when columns differ in length or dimension, or times or sides are no whole numbers.
    """

    ts: Ints
    price: Floats
    quantity: Floats
    side: Sides

    def __len__(self) -> int:
        return len(self.ts)

    def __getitem__(self, part: slice) -> Trades:
        return Trades(self.ts[part], self.price[part], self.quantity[part], self.side[part])

    def __post_init__(self) -> None:
        for name, kind in (("ts", np.int64), ("price", np.float64), ("quantity", np.float64), ("side", np.int8)):
            object.__setattr__(self, name, column(name, getattr(self, name), kind))
        if not len(self.ts) == len(self.price) == len(self.quantity) == len(self.side):
            raise InputError("bad_input", "The columns of a tape must be of one length.")


def column(name: str, values: ArrayLike, kind: type[Any]) -> NDArray[Any]:
    """Read-only and contiguous, so that compiled code meets one type whoever calls."""
    given = np.asarray(values)
    if given.ndim != 1:
        raise InputError("bad_input", f"{name} must be a column of one dimension.")
    whole = np.issubdtype(kind, np.integer)
    if whole and given.size and given.dtype.kind not in "iu":
        raise InputError("bad_input", f"{name} must be whole numbers, not {given.dtype}.")
    if kind is np.int8 and given.dtype != np.int8 and given.size:
        given = np.clip(given, -2, 2)  # 257 would else become a 1
    array = np.ascontiguousarray(given, dtype=kind)
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def taker_sides(buyer_is_maker: ArrayLike) -> Sides:
    """Sides of a tape that says whether the buyer was the maker: where he was, the taker sold."""
    return np.where(np.asarray(buyer_is_maker, dtype=np.bool_), np.int8(SELL), np.int8(BUY))
