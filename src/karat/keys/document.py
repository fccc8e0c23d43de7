"""The file of secrets: what is in it, and proof that it is whole.

Names and times stand in it as they are, values sealed: each under its name and time, so that none can be put in the
place of another. `check` is a known value under the same key; it tells a wrong key from damage, which the sum over the
rest of the document finds first.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from karat.core.errors import InputError, NeedsOperator
from karat.keys.files import private_bytes, replace_privately
from karat.keys.sealing import SCRYPT_COST_MAX, SCRYPT_COST_MIN, NotOpenedError, seal, unseal
from karat.ports.secrets import SecretMark

FORMAT = 1
_CHECK = "karat secrets check"


@dataclass(frozen=True, slots=True)
class Lock:
    """How the key is come by: from the key file (no salt), or from a passphrase with this salt and scrypt cost."""

    salt: bytes = b""
    cost: int = 0

    @property
    def by_passphrase(self) -> bool:
        return bool(self.salt)


@dataclass(frozen=True, slots=True)
class Document:
    """Everything that the file says. `sealed` is by name: when it was set, and the value under the key."""

    lock: Lock
    check: str
    sealed: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])

    def marks(self) -> tuple[SecretMark, ...]:
        return tuple(SecretMark(name, self.sealed[name][0]) for name in sorted(self.sealed))

    def fits(self, key: bytes) -> bool:
        """Whether this is its key."""
        try:
            return unseal(key, self.check, _CHECK) == _CHECK
        except NotOpenedError:
            return False

    def value(self, key: bytes, name: str) -> str:
        """Raises NotOpenedError."""
        set_ms, sealed = self.sealed[name]
        return unseal(key, sealed, _about(name, set_ms))

    def having(self, key: bytes, name: str, value: str, set_ms: int) -> Document:
        return replace(self, sealed={**self.sealed, name: (set_ms, seal(key, value, _about(name, set_ms)))})

    def without(self, name: str) -> Document:
        return replace(self, sealed={one: what for one, what in self.sealed.items() if one != name})

    def under(self, key: bytes, new_key: bytes, lock: Lock) -> Document:
        """All of it under another key. Raises NotOpenedError."""
        changed = empty(new_key, lock)
        for name, (set_ms, _) in self.sealed.items():
            changed = changed.having(new_key, name, self.value(key, name), set_ms)
        return changed


def empty(key: bytes, lock: Lock) -> Document:
    """A document without secrets."""
    return Document(lock, seal(key, _CHECK, _CHECK))


def read_document(path: Path) -> Document | None:
    """None where there is none. Raises NeedsOperator `secrets_damaged` or `loose_permissions`, InputError
    `secrets_newer`."""
    try:
        told = json.loads(private_bytes(path))
        total = told.pop("sum")
        if total != _sum(told):
            raise damaged(path)
        if told["format"] > FORMAT:
            message = f"{path} was written by a newer Karat (format {told['format']}, this one knows {FORMAT})."
            raise InputError("secrets_newer", message, "Upgrade Karat.")
        return _document(told)
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise NeedsOperator("secrets_damaged", message, "Check its place and its rights.") from error
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise damaged(path) from error


def write_document(path: Path, document: Document) -> None:
    """Raises OSError."""
    lock = document.lock
    told: dict[str, Any] = {
        "format": FORMAT,
        "salt": base64.b64encode(lock.salt).decode(),
        "cost": lock.cost,
        "check": document.check,
        "secrets": {name: list(what) for name, what in sorted(document.sealed.items())},
    }
    replace_privately(path, json.dumps({**told, "sum": _sum(told)}, indent=1).encode() + b"\n")


def damaged(path: Path) -> NeedsOperator:
    hint = "Put it back from a backup, or move it away and set the secrets again."
    return NeedsOperator("secrets_damaged", f"{path} is damaged.", hint)


def _document(told: dict[str, Any]) -> Document:
    lock = Lock(base64.b64decode(told["salt"], validate=True), int(told["cost"]))
    if lock.by_passphrase and not SCRYPT_COST_MIN <= lock.cost <= SCRYPT_COST_MAX:
        raise ValueError("no such cost")
    sealed = {str(name): (int(set_ms), str(text)) for name, (set_ms, text) in told["secrets"].items()}
    return Document(lock, str(told["check"]), sealed)


def _sum(told: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _about(name: str, set_ms: int) -> str:
    return f"karat secret {FORMAT}|{name}|{set_ms}"
