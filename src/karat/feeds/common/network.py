"""How to reach vendors: the operator's proxy, certificate authorities, patience and keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from karat.core.errors import InputError


def _no_secret(name: str) -> str:
    raise InputError("key_missing", f"The key {name} is missing.", f"Set {name}, or {name}_FILE to a file with it.")


@dataclass(frozen=True, slots=True)
class Network:
    """`proxy` is the URL of an HTTP proxy, `ca_file` a PEM file of authorities to trust beside the usual ones.

    `archives` are addresses of bulk files by vendor, in the place of the vendor's own; "" asks for no bulk files.
    `secret` gives a key by its name, when an adapter is opened that needs one. It raises InputError `key_missing`.
    """

    proxy: str | None = None
    ca_file: str | None = None
    timeout_seconds: float = 20.0
    archives: Mapping[str, str] = field(default_factory=dict[str, str])
    secret: Callable[[str], str] = field(default=_no_secret, repr=False)


def retry_after_seconds(headers: dict[str, str], otherwise: float) -> float:
    """How long a host asks to be left alone: its Retry-After in seconds, or `otherwise` where there is none to read."""
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(text) if text.strip().isdigit() else otherwise
