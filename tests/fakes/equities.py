"""The truth about one equity for the fakes of Yahoo and Alpaca: raw daily bars in real sessions, splits, dividends."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np

from karat.core.time import DAY_MS
from karat.ingest.page import Bars
from karat.ingest.sessions import opens_between, session_times
from karat.ports.history import Action


@dataclass
class Equity:
    """Daily bars from `first_ms` to `end_ms`; prices in whole cents fall by the factor of each split."""

    first_ms: int
    end_ms: int
    actions: tuple[Action, ...] = ()
    withheld: set[int] = field(default_factory=set[int])

    def __post_init__(self) -> None:
        dice = random.Random(11)
        self.opens = opens_between("XNYS", DAY_MS, self.first_ms, self.end_ms)
        bells, _ = session_times("XNYS", self.first_ms, self.end_ms + DAY_MS)
        self.bell = {int(ts) // DAY_MS * DAY_MS: int(ts) for ts in bells}
        splits = {action.ts: action.value for action in self.actions if action.kind == "split"}
        price = 20_000
        self.rows: dict[int, tuple[float, ...]] = {}
        for ts in (int(one) for one in self.opens):
            price = max(500, round(price / splits.get(ts, 1.0)) + dice.randint(-90, 90))
            opened = price + dice.randint(-50, 50)
            high, low = max(opened, price) + dice.randint(0, 40), min(opened, price) - dice.randint(0, 40)
            volume = float(dice.randint(1_000, 90_000) * 40)
            self.rows[ts] = (opened / 100, high / 100, low / 100, price / 100, volume)

    def truth(self, now_ms: int) -> Bars:
        """Every raw bar whose day is over."""
        days = [ts for ts in self.rows if ts + DAY_MS <= now_ms]
        return Bars(np.array(days, np.int64), np.array([self.rows[ts] for ts in days]).reshape(len(days), 5))

    def shares_since(self, ts: int, now_ms: int) -> float:
        """How many shares of now were one share then."""
        factor = 1.0
        for action in self.actions:
            if action.kind == "split" and ts < action.ts <= now_ms:
                factor *= action.value
        return factor
