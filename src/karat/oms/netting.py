"""Several bots on one instrument of one account: a book per bot, one position at the venue, reconciled as a sum.

What no bot did (a trade by hand, a liquidation, an earlier position) is declared under an id and never given to a bot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from karat.oms.accounts import Account, Holding, Terms
from karat.oms.client_ids import order_key
from karat.oms.records import Order


@dataclass(frozen=True, slots=True)
class Book:
    """Accounts by the bot's number, and what was declared to be nobody's: signed lots by id."""

    terms: Terms
    accounts: Mapping[int, Account] = field(default_factory=dict[int, Account])
    external: Mapping[str, int] = field(default_factory=dict[str, int])

    def book(self, order: Order) -> Book:
        """With every fill of `order` that is not booked yet, in the account of the bot its name tells.

        Attribution is by the name of the order alone (failures: O17). A name that is not ours is a programmer's error:
        the register holds no such order.
        """
        key = order_key(order.id)
        assert key is not None, f"{order.id} is not a name of ours"
        account = self.accounts.get(key.bot, Account(self.terms))
        for fill in order.fills:
            account = account.book(order.side, fill)
        return replace(self, accounts={**self.accounts, key.bot: account})

    def declare(self, identity: str, lots: int) -> Book:
        """With `lots` that no bot did, once per id."""
        return self if identity in self.external else replace(self, external={**self.external, identity: lots})

    def holding(self, bot: int) -> Holding:
        return self.accounts[bot].holding if bot in self.accounts else Holding()

    @property
    def net_lots(self) -> int:
        """What the venue should hold: the sum over bots and what is nobody's."""
        return sum(account.holding.lots for account in self.accounts.values()) + sum(self.external.values())


def difference(book: Book, venue_lots: int) -> int:
    """Signed lots that the venue holds beyond the book; 0: they agree."""
    return venue_lots - book.net_lots


def reducing_lots(position_lots: int, side: int, lots: int, working_lots: int = 0) -> int:
    """How many of `lots` a reduce-only order of `side` may carry: never above the position at the venue.

    `working_lots` are those of other reduce-only orders of that side which do not stand instead of this one. Where bots
    hold both sides, the net position is smaller than a bot's own: the rest of its exit goes without the mark.
    """
    held = -position_lots * side
    return max(min(lots, held - working_lots), 0)
