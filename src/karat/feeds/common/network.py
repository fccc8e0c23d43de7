"""How to reach vendors: the operator's proxy, certificate authorities and patience."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Network:
    """`proxy` is the URL of an HTTP proxy, `ca_file` a PEM file of authorities to trust beside the usual ones."""

    proxy: str | None = None
    ca_file: str | None = None
    timeout_seconds: float = 20.0


def retry_after_seconds(headers: dict[str, str], otherwise: float) -> float:
    """How long a host asks to be left alone: its Retry-After in seconds, or `otherwise` where there is none to read."""
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(text) if text.strip().isdigit() else otherwise
