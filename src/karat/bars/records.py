"""What the compiled steps hold in registers, and the rows in which it waits for the next batch.

One row of integers and one of floats for each kind of bar: a `Forming`, a `Wall` and a `Clock`, their integers first.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from karat.bars.trades import Sides
from karat.core.compiled import inlined
from karat.core.model.candles import Floats, Ints


class Tape(NamedTuple):
    """One block of trades. `keep` is 1 where a trade may enter a bar."""

    ts: Ints
    price: Floats
    quantity: Floats
    side: Sides
    keep: NDArray[np.uint8]


class Rows(NamedTuple):
    """Where completed bars are written; a row each in both."""

    ints: Ints
    floats: Floats


class Forming(NamedTuple):
    """A bar that is not complete. With `trades` 0 nothing else in it counts."""

    ts_open: int
    ts_close: int
    trades: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float
    buy_volume: float
    sell_volume: float
    squares: float  # of the logarithmic returns from trade to trade


class Wall(NamedTuple):
    """Renko bricks, in whole units of price. The last brick lies between `bottom` and `top`; before the first they are
    the same level."""

    placed: int  # 1 once there is a level to build from
    top: int
    bottom: int
    size: int  # of the brick that is forming
    waiting_trades: int  # before the first ATR was known; in no brick


class Clock(NamedTuple):
    """Time bars and their ATR, for bricks that need one."""

    start: int  # of the period that is forming; -1 before the first trade
    ranges: int  # true ranges so far; -1 before the first completed bar
    high: float
    low: float
    close: float
    before: float  # close of the last completed bar
    average: float  # the ATR from `ranges` >= period on; the sum of ranges before


STATE_INTS, STATE_FLOATS = 10, 15  # the last float is the last price that Renko saw, 0 before the first
LAST_PRICE = 14


@inlined
def nothing() -> Any:
    """A bar without trades."""
    return Forming(0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@inlined
def joined(bar: Any, opens: int, ts: int, price: float, quantity: float, side: int) -> Any:
    """The bar with one more trade; `opens` is its time of opening if it is the first."""
    bought = quantity if side > 0 else 0.0
    sold = quantity if side < 0 else 0.0
    if bar.trades == 0:
        return Forming(opens, ts, 1, price, price, price, price, quantity, price * quantity, bought, sold, 0.0)
    squares = bar.squares
    if price != bar.close:  # most trades repeat the price before; a logarithm costs more than the rest
        change = math.log(price / bar.close)
        squares = squares + change * change
    return Forming(
        bar.ts_open,
        ts,
        bar.trades + 1,
        bar.open,
        price if price > bar.high else bar.high,
        price if price < bar.low else bar.low,
        price,
        bar.volume + quantity,
        bar.quote_volume + price * quantity,
        bar.buy_volume + bought,
        bar.sell_volume + sold,
        squares,
    )


@inlined
def load_forming(ints: Any, floats: Any, k: int) -> Any:
    return Forming(
        ints[k, 0], ints[k, 1], ints[k, 2], floats[k, 0], floats[k, 1], floats[k, 2], floats[k, 3], floats[k, 4],
        floats[k, 5], floats[k, 6], floats[k, 7], floats[k, 8],
    )  # fmt: skip


@inlined
def save_forming(ints: Any, floats: Any, k: int, bar: Any) -> None:
    ints[k, 0], ints[k, 1], ints[k, 2] = bar.ts_open, bar.ts_close, bar.trades
    floats[k, 0], floats[k, 1], floats[k, 2], floats[k, 3] = bar.open, bar.high, bar.low, bar.close
    floats[k, 4], floats[k, 5], floats[k, 6], floats[k, 7] = (
        bar.volume, bar.quote_volume, bar.buy_volume, bar.sell_volume,
    )  # fmt: skip
    floats[k, 8] = bar.squares


@inlined
def load_wall(ints: Any, k: int) -> Any:
    return Wall(ints[k, 3], ints[k, 4], ints[k, 5], ints[k, 6], ints[k, 7])


@inlined
def save_wall(ints: Any, k: int, wall: Any) -> None:
    ints[k, 3], ints[k, 4], ints[k, 5] = wall.placed, wall.top, wall.bottom
    ints[k, 6], ints[k, 7] = wall.size, wall.waiting_trades


@inlined
def load_clock(ints: Any, floats: Any, k: int) -> Any:
    return Clock(ints[k, 8], ints[k, 9], floats[k, 9], floats[k, 10], floats[k, 11], floats[k, 12], floats[k, 13])


@inlined
def save_clock(ints: Any, floats: Any, k: int, clock: Any) -> None:
    ints[k, 8], ints[k, 9] = clock.start, clock.ranges
    floats[k, 9], floats[k, 10], floats[k, 11] = clock.high, clock.low, clock.close
    floats[k, 12], floats[k, 13] = clock.before, clock.average
