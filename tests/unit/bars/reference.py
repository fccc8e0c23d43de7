"""Slow bars in plain Python, written from docs/bars.md and not from the compiled steps.

Trades are collected in lists, and a bar is summed up when its list is complete. Whether a bar is complete is decided in
exact decimals; sums are floats added in the order of the tape, as the page says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from karat.bars import Bar

MONDAY_MS = 4 * 86_400_000  # 1970-01-05


class Trade(NamedTuple):
    ts: int
    price: float
    quantity: float
    side: int


Group = list[Trade]


def accepted(tape: Iterable[Trade]) -> tuple[Group, int, int]:
    """Trades that enter bars, and the numbers of late and unusable ones."""
    kept: Group = []
    late = unusable = 0
    for trade in tape:
        numbers = (trade.price, trade.quantity)
        if not all(math.isfinite(one) and one > 0 for one in numbers) or trade.side not in (-1, 0, 1) or trade.ts < 0:
            unusable += 1
        elif kept and trade.ts < kept[-1].ts:
            late += 1
        else:
            kept.append(trade)
    return kept, late, unusable


def summed(values: Iterable[float]) -> float:
    """From left to right; the sum of Python itself corrects rounding."""
    total = 0.0
    for value in values:
        total += value
    return total


def bar_of(group: Group, ts_open: int | None = None, edges: tuple[float, float] | None = None, ts: int = 0) -> Bar:
    """A bar of these trades; `edges` are open and close of a brick."""
    prices = [trade.price for trade in group]
    volume = summed(trade.quantity for trade in group)
    quote = summed(trade.price * trade.quantity for trade in group)
    buy = summed(trade.quantity for trade in group if trade.side == 1)
    sell = summed(trade.quantity for trade in group if trade.side == -1)
    if edges is None:
        open_, high, low, close = prices[0], max(prices), min(prices), prices[-1]
    elif edges[1] > edges[0]:
        (open_, close), high, low = edges, edges[1], min([edges[0], *prices])
    else:
        (open_, close), high, low = edges, max([edges[0], *prices]), edges[1]
    returns = [math.log(now / before) for before, now in pairwise(prices)]
    return Bar(
        ts_open=ts_open if ts_open is not None else group[0].ts if group else ts,
        ts_close=group[-1].ts if group else ts,
        trades=len(group),
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=volume,
        quote_volume=quote,
        buy_volume=buy,
        sell_volume=sell,
        vwap=quote / volume if group else math.nan,
        volatility=math.sqrt(summed(one * one for one in returns)) if len(group) > 1 else math.nan,
        candle_position=(close - low) / (high - low) if group and high > low else math.nan,
        flow_imbalance=(buy - sell) / (buy + sell) if buy + sell > 0 else math.nan,
    )


def periods(length_ms: int, trades: Group) -> dict[int, Group]:
    """Trades by the start of their period, the last and incomplete one too."""
    origin = MONDAY_MS if length_ms % (7 * 86_400_000) == 0 else 0
    found: dict[int, Group] = {}
    for trade in trades:
        found.setdefault((trade.ts - origin) // length_ms * length_ms + origin, []).append(trade)
    return found


def time(length_ms: int) -> Callable[[Group], list[Bar]]:
    def build(trades: Group) -> list[Bar]:
        return [bar_of(group, start) for start, group in periods(length_ms, trades).items()][:-1]

    return build


def filling(is_full: Callable[[Group], bool]) -> Callable[[Group], list[Bar]]:
    def build(trades: Group) -> list[Bar]:
        bars: list[Bar] = []
        group: Group = []
        for trade in trades:
            group.append(trade)
            if is_full(group):
                bars.append(bar_of(group))
                group = []
        return bars

    return build


def exact(number: float) -> Decimal:
    """The decimal that a person would write."""
    return Decimal(repr(float(number)))


def tick(number: int) -> Callable[[Group], list[Bar]]:
    return filling(lambda group: len(group) == number)


def volume(quantity: float) -> Callable[[Group], list[Bar]]:
    return filling(lambda group: sum(exact(one.quantity) for one in group) >= exact(quantity))


def dollar(value: float) -> Callable[[Group], list[Bar]]:
    return filling(lambda group: sum(exact(one.price) * exact(one.quantity) for one in group) >= exact(value))


def price_range(size: float) -> Callable[[Group], list[Bar]]:
    def is_full(group: Group) -> bool:
        prices = [exact(one.price) for one in group]
        return max(prices) - min(prices) >= exact(size)

    return filling(is_full)


def renko(unit: float, size_at: Callable[[Group], int | None] = lambda _: 1) -> Callable[[Group], list[Bar]]:
    """Bricks of `size_at(trades so far)` units, asked once the brick before is complete; None where not known."""

    def build(trades: Group) -> list[Bar]:
        bars: list[Bar] = []
        group: Group = []
        edges: tuple[int, int] | None = None
        size: int | None = None
        for index, trade in enumerate(trades):
            level = exact(trade.price) / exact(unit)
            if edges is None:
                size = size_at(trades[: index + 1])
                if size is None:
                    continue
                nearest = int(level + Decimal("0.5"))
                edges = nearest, nearest
            assert size is not None
            group.append(trade)
            laid = False
            while True:
                top, bottom = max(edges), min(edges)
                if level >= top + size:
                    edges = top, top + size
                elif level <= bottom - size:
                    edges = bottom, bottom - size
                else:
                    break
                bars.append(bar_of(group, edges=(edges[0] * unit, edges[1] * unit), ts=trade.ts))
                group, laid = [], True
            if laid:
                size = size_at(trades[: index + 1])
        return bars

    return build


def atr_renko(length_ms: int, unit: float, period: int, multiple: float) -> Callable[[Group], list[Bar]]:
    def size_at(trades: Group) -> int | None:
        complete = list(periods(length_ms, trades).values())[:-1]
        average = 0.0
        for number, (before, now) in enumerate(pairwise(complete), start=1):
            prices = [before[-1].price, *(one.price for one in now)]
            spread = max(prices) - min(prices)
            if number <= period:
                average += spread
                if number == period:
                    average /= period
            else:
                average += (spread - average) / period
        if len(complete) <= period:
            return None
        return max(1, int(multiple * average / unit + 0.5))

    return renko(unit, size_at)
