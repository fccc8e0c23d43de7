"""Which markets, and which groups of markets, the profit of the common parameters came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from karat.core.ids import MarketId
from karat.research.prove.region import Refined
from karat.stats.figure import TIE, Figure, Undefined, quotient, to_json

ONE_SYMBOL = Undefined("one market was tried")
NO_PROFIT = Undefined("the markets together earned nothing")
NO_GROUP = "no group"


@dataclass(frozen=True, slots=True)
class Shares:
    """`by_market` is what each market returned, `by_group` the part of the sum of all that a group made, above 1 where
    others lost. `largest` is the best market's part."""

    by_market: Mapping[MarketId, float]
    by_group: Mapping[str, Figure]
    largest: Figure

    def as_dict(self) -> dict[str, Any]:
        """For json."""
        groups = {name: to_json(share) for name, share in self.by_group.items()}
        return {"by_market": dict(self.by_market), "by_group": groups}


def shares_of(refined: Refined, groups: Mapping[str, tuple[MarketId, ...]]) -> Shares:
    """Of the common parameters, over the markets that were refined together."""
    assert refined.centre is not None, "a plateau was found"
    row, searched = refined.centre.row, refined.searched
    earned = {market: searched.at(market, row)["total_return"] for market in searched.by_market}
    total = sum(earned.values())
    group_of = {market: name for name, markets in groups.items() for market in markets}
    sums: dict[str, float] = {}
    for market, value in earned.items():
        name = group_of.get(market, NO_GROUP)
        sums[name] = sums.get(name, 0.0) + value
    shares = {name: _share(value, total) for name, value in sums.items()} if groups else {}
    return Shares(earned, shares, ONE_SYMBOL if len(earned) < 2 else _share(max(earned.values()), total))


def _share(part: float, total: float) -> Figure:
    return quotient(part, total, NO_PROFIT) if total >= TIE else NO_PROFIT
