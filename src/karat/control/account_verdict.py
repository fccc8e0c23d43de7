"""Whether an account may be traded with: a key that can withdraw is refused, and so is one whose rights are unknown."""

from __future__ import annotations

from karat.core.errors import KaratError
from karat.ports.account_check import AccountCheck


def account_faults(account: AccountCheck) -> tuple[str, ...]:
    """What speaks against trading with this account, in words; empty where nothing does."""
    try:
        rights, balances = account.rights(), account.balances()
    except KaratError as error:
        return (f"{account.venue} was not asked: {error.message}",)
    words: list[str] = []
    if rights.can_withdraw is None:
        words.append("whether the key can withdraw is not known")
    elif rights.can_withdraw:
        words.append("THE KEY CAN WITHDRAW: make one that cannot, and have this one revoked")
    if not rights.can_trade:
        words.append("the key cannot trade" if rights.can_trade is False else "whether the key can trade is not known")
    if not rights.can_read:
        words.append("the key cannot read" if rights.can_read is False else "whether the key can read is not known")
    if not any(amount > 0 for amount in balances.values()):
        words.append("there is no money in the account")
    return tuple(words)
