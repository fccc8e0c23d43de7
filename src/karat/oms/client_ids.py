"""Names of orders: made from the intent, the same for ever, read back without asking anybody.

`k`, then five fields of fixed width in base 36, so two different keys never share a name and a name has one reading:

    k 00a1z 0007 0000002s e 00
      |     |    |        | +-- attempt: 0 first; the next one only after this one has ended
      |     |    |        +---- part of the intent
      |     |    +------------- the bot's intent, counted from 0
      |     +------------------ the bot, by the number its journal gave it for ever
      +------------------------ the journal (one store of bots), so that two stores on one account never meet

21 lower-case letters and digits: inside every limit of 32 or 36 characters, and inside 128 bits where ids are hex.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from karat.core.errors import InputError
from karat.core.ids import ClientOrderId

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_DIGITS = frozenset(DIGITS)
PREFIX = "k"
WIDTHS = {"origin": 5, "bot": 4, "intent": 8, "attempt": 2}
LENGTH = len(PREFIX) + sum(WIDTHS.values()) + 1
_KEYS_MAX = 65_536  # names are read many times over while their orders live
LENGTH_MAX = 36  # of the strictest venues that take letters and digits


class Part(StrEnum):
    """What an order does for its intent."""

    ENTRY = "e"
    LIMIT = "l"
    EXIT = "x"
    STOP = "s"
    TAKE = "t"
    FLATTEN = "f"


_PARTS = {part.value: part for part in Part}


@dataclass(frozen=True, slots=True, order=True)
class OrderKey:
    """Which order this is. All numbers count from 0 and stay below 36 to the power of their width."""

    origin: int
    bot: int
    intent: int
    part: Part
    attempt: int = 0

    def next_attempt(self) -> OrderKey:
        """The same part of the same intent, once more. Only after this one has ended: `Register.intend` holds it."""
        return replace(self, attempt=self.attempt + 1)


def client_order_id(key: OrderKey) -> ClientOrderId:
    """The name of `key`. Raises InputError `order_key_range` where a number has no place in its field."""
    fields = {name: _written(name, getattr(key, name)) for name in WIDTHS}
    text = f"{PREFIX}{fields['origin']}{fields['bot']}{fields['intent']}{key.part}{fields['attempt']}"
    return ClientOrderId(text)


@lru_cache(maxsize=_KEYS_MAX)
def order_key(name: str) -> OrderKey | None:
    """The key behind `name`, or None where the name is not one of ours."""
    if len(name) != LENGTH or not name.startswith(PREFIX) or not _DIGITS.issuperset(name):
        return None
    origin, bot, intent, part, attempt = name[1:6], name[6:10], name[10:18], name[18], name[19:]
    if part not in _PARTS:
        return None
    return OrderKey(int(origin, 36), int(bot, 36), int(intent, 36), _PARTS[part], int(attempt, 36))


def part_of(name: ClientOrderId) -> Part:
    """What the order called `name` does for its intent. A name that is not ours is a programmer's error."""
    return _PARTS[name[18]]


def _written(name: str, number: int) -> str:
    width = WIDTHS[name]
    if not 0 <= number < 36**width:
        raise InputError("order_key_range", f"The {name} {number} has no place in {width} digits of an order's name.")
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text.rjust(width, "0")
