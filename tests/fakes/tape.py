"""The truth about one market's bars, and what a fake vendor makes of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from karat.ingest.page import Bars

Row = tuple[int, str, str, str, str, str]  # open time, then decimal numbers as vendors write them


@dataclass
class Tape:
    """Bars of one market and timeframe from `first_ms` on, `count` of them, the same for the same numbers.

    A vendor that plays the tape may be told to lie: bars `withheld`, other values in `altered` (by open time), a page
    of at most `page_max`, rows `shuffled` or some of them sent `twice`.
    """

    first_ms: int
    step_ms: int
    count: int
    seed: int = 7
    withheld: set[int] = field(default_factory=set[int])
    altered: dict[int, Row] = field(default_factory=dict[int, Row])
    page_max: int = 10_000
    shuffled: bool = False
    twice: bool = False

    def __post_init__(self) -> None:
        dice = random.Random(self.seed)
        price = 50_000
        self.rows: dict[int, Row] = {}
        for bar in range(self.count):
            opened = price
            price = max(100, opened + dice.randint(-300, 300))
            high, low = max(opened, price) + dice.randint(0, 90), min(opened, price) - dice.randint(0, 90)
            ts = self.first_ms + bar * self.step_ms
            numbers = (Decimal(value) / 10 for value in (opened, high, low, price))
            volume = Decimal(dice.randint(0, 9_999_999)) / 1000
            self.rows[ts] = (ts, *(str(number) for number in numbers), str(volume))  # type: ignore[assignment]

    @property
    def end_ms(self) -> int:
        """When the last bar closes."""
        return self.first_ms + self.count * self.step_ms

    def truth(self, now_ms: int) -> Bars:
        """Every bar that has closed by `now_ms`."""
        rows = [row for ts, row in self.rows.items() if ts + self.step_ms <= now_ms]
        values = np.array([[float(text) for text in row[1:]] for row in rows], np.float64)
        return Bars(np.array([row[0] for row in rows], np.int64), values.reshape(len(rows), 5))

    def other(self, ts: int) -> Row:
        """A row that could stand at `ts` and does not."""
        _, opened, high, low, closed, volume = self.rows[ts]
        return (ts, opened, str(Decimal(high) + 1), low, closed, str(Decimal(volume) + 5))

    def play(self, from_ms: int, to_ms: int, now_ms: int, limit: int, *, newest: bool = False) -> list[Row]:
        """What the vendor answers for `from_ms <= ts < to_ms`: the bar that forms at `now_ms` is among it."""
        times = [ts for ts in self.rows if from_ms <= ts < to_ms and ts <= now_ms and ts not in self.withheld]
        most = min(limit, self.page_max)
        times = times[-most:] if newest else times[:most]
        rows = [self.other(ts) if ts + self.step_ms > now_ms else self.altered.get(ts, self.rows[ts]) for ts in times]
        if self.twice:
            rows += rows[: len(rows) // 2]
        if self.shuffled:
            random.Random(len(rows)).shuffle(rows)
        return rows
