"""Secrets as the floors above see them: a value that shows itself to nobody, and where such values are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

HIDDEN = "[secret]"


class Secret:
    """A key, token or passphrase. `reveal` is the only way to it: whatever else is done with it shows `[secret]`.

    `told` is called with the value before it is revealed, so that whoever writes logs knows what must not be in them.
    """

    __slots__ = ("_told", "_value")

    def __init__(self, value: str, told: Callable[[str], None]) -> None:
        self._value = value
        self._told = told

    def reveal(self) -> str:
        """The value itself: ask for it where it is sent, and keep it nowhere."""
        self._told(self._value)
        return self._value

    def __repr__(self) -> str:
        return HIDDEN

    def __format__(self, form: str) -> str:
        return format(HIDDEN, form)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memory: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a secret is never pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret has no state to show")


@dataclass(frozen=True, slots=True)
class SecretMark:
    """What may be told of a secret: its name and when it was set, UTC ms. Nothing that depends on its value."""

    name: str
    set_ms: int


class SecretStore(Protocol):
    """Secrets by name. What cannot be opened raises NeedsOperator (`wrong_key`, `secrets_damaged`, `key_damaged`,
    `loose_permissions`, `key_file_missing`, `passphrase_missing`), what is asked wrongly InputError."""

    def marks(self) -> tuple[SecretMark, ...]:
        """Every secret, by name. Needs no key."""
        ...

    def get(self, name: str) -> Secret:
        """Raises InputError `unknown_secret`."""
        ...

    def put(self, name: str, value: str) -> None:
        """Set or replace one. Raises InputError `bad_secret_name` or `bad_secret`."""
        ...

    def remove(self, name: str) -> None:
        """Raises InputError `unknown_secret`."""
        ...
