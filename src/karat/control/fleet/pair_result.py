"""What came of a pair: its two legs as one line, and its trades as round trips of both.

1. The equity of a pair is the sum of its legs', on the fleet's clock; gross and net are its notional over that equity.
2. A round trip is the time in which any leg holds something, from the first fill to the last: its trades are those of
   both legs that lie in it, its result their sum. One that is still open at the end is no trade yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from karat.control.fleet.bot_result import BotResult
from karat.core.model.candles import Floats
from karat.ports.journal import TradeRecord


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Both legs from flat to flat. Times UTC ms, money after all costs; `sides` and `reasons` of the first and the
    second leg, 0 and "" for one that made no trade in it."""

    entry_ts: int
    exit_ts: int
    sides: tuple[int, int]
    reasons: tuple[str, str]
    pnl: tuple[float, float]

    @property
    def result(self) -> float:
        """What both legs made together."""
        return self.pnl[0] + self.pnl[1]


@dataclass(frozen=True, slots=True, eq=False)
class PairResult:
    """One pair. `equity` money, `gross` and `net` fractions of it (NaN where it is gone), on the fleet's clock."""

    name: str
    strategy: str
    capital: float
    legs: tuple[BotResult, BotResult]
    equity: Floats
    gross: Floats
    net: Floats
    trips: tuple[RoundTrip, ...]

    @property
    def refusals(self) -> Mapping[str, int]:
        """Bars in which an entry of a leg was refused, by the first "no"."""
        return Counter(self.legs[0].refusals) + Counter(self.legs[1].refusals)


def pair_result(name: str, first: BotResult, second: BotResult) -> PairResult:
    """A pair out of its legs."""
    equity, held = first.equity + second.equity, np.array([first.notional, second.notional])
    worth = np.where(equity > 0.0, equity, np.nan)
    capital = first.record.policy.capital + second.record.policy.capital
    gross, net = np.abs(held).sum(axis=0) / worth, held.sum(axis=0) / worth
    trips = round_trips(first.trades, second.trades, _open_since(first), _open_since(second))
    return PairResult(name, first.record.strategy, capital, (first, second), equity, gross, net, trips)


def round_trips(
    first: Sequence[TradeRecord], second: Sequence[TradeRecord], *open_since: int | None
) -> tuple[RoundTrip, ...]:
    """Trades of both legs by the time they share, oldest first. `open_since`: when a leg that holds something at the
    end began to; what shares its time is no round trip yet."""
    rows = sorted(
        ((trade.entry_ts, trade.exit_ts, place, trade) for place, leg in enumerate((first, second)) for trade in leg),
        key=lambda row: row[:3],
    )
    groups: list[list[tuple[int, int, int, TradeRecord]]] = []
    end = -1
    for row in rows:
        if row[0] > end or row[0] == end > groups[-1][0][0]:  # at the same open the one ends and another begins
            groups.append([])
            end = row[1]
        groups[-1].append(row)
        end = max(end, row[1])
    began = min((since for since in open_since if since is not None), default=None)
    return tuple(_trip(group) for group in groups if began is None or max(row[1] for row in group) <= began)


def _trip(rows: Sequence[tuple[int, int, int, TradeRecord]]) -> RoundTrip:
    sides, reasons, pnl = [0, 0], ["", ""], [0.0, 0.0]
    for _, _, place, trade in rows:
        sides[place] = sides[place] or trade.side
        reasons[place] = trade.reason.name.lower()
        pnl[place] += trade.pnl
    return RoundTrip(
        min(row[0] for row in rows), max(row[1] for row in rows), (sides[0], sides[1]), (reasons[0], reasons[1]),
        (pnl[0], pnl[1]),
    )  # fmt: skip


def _open_since(leg: BotResult) -> int | None:
    """When the position that is still held began; None where nothing is."""
    held = leg.fills[-1].position_before + leg.fills[-1].side * leg.fills[-1].lots if leg.fills else 0
    if not held:
        return None
    return next(fill.ts for fill in leg.fills if fill.trade == leg.fills[-1].trade)
