"""Money per currency, as entries under ids: nothing is counted twice, the balance is their exact sum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from karat.oms.accounts import EXACT, Holding


class EntryKind(StrEnum):
    """What moved the money."""

    OPENING = "opening"
    REALISED = "realised"
    FEE = "fee"
    FUNDING = "funding"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Entry:
    """`amount` > 0 came in. The id is the venue's, or made from it, so that the same payment has the same id."""

    id: str
    kind: EntryKind
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Ledger:
    """Entries by id. `conflicts` are ids that came with two contents: the first is kept."""

    entries: Mapping[str, Entry] = field(default_factory=dict[str, Entry])
    conflicts: frozenset[str] = frozenset()

    def enter(self, entry: Entry) -> Ledger:
        """With `entry`, once per id."""
        there = self.entries.get(entry.id)
        if there is None:
            return replace(self, entries={**self.entries, entry.id: entry})
        return self if there == entry else replace(self, conflicts=self.conflicts | {entry.id})

    def balances(self, holdings: Iterable[tuple[str, Holding]] = ()) -> dict[str, Decimal]:
        """Per currency: the entries, and what (settle currency, holding) pairs realised and paid in fees."""
        sums: dict[str, Decimal] = {}

        def add(currency: str, amount: Decimal) -> None:
            sums[currency] = EXACT.add(sums.get(currency, Decimal()), amount)

        for entry in self.entries.values():
            add(entry.currency, entry.amount)
        for settle, holding in holdings:
            add(settle, holding.realised)
            for currency, paid in holding.fees.items():
                add(currency, -paid)
        return sums
