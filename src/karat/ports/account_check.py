"""What is looked at of an account at a venue before a bot may trade there with money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeyRights:
    """What a key may do, as the venue says; None where it does not say, which counts as the worse answer."""

    can_read: bool | None
    can_trade: bool | None
    can_withdraw: bool | None


class AccountCheck(Protocol):
    """One account at one venue, looked at and never changed. Every question raises RetryLater `venue_unreachable`, and
    NeedsOperator `key_refused` where the venue does not take the key."""

    @property
    def venue(self) -> str: ...

    def rights(self) -> KeyRights:
        """Of the key that this process would trade with."""
        ...

    def balances(self) -> Mapping[str, Decimal]:
        """What is free, per currency."""
        ...
