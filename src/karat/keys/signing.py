"""HMAC-SHA256 under keys made from those of the secrets: a signature never serves as anything else."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable


def signature(key: bytes, about: str, content: bytes) -> str:
    """Of `content`, in hexadecimal. It holds for this `about` alone."""
    own = hmac.new(key, f"karat-signing-1\0{about}".encode(), hashlib.sha256).digest()
    return hmac.new(own, content, hashlib.sha256).hexdigest()


def is_signed(keys: Iterable[bytes], about: str, content: bytes, told: str) -> bool:
    """Whether one of `keys` made the signature."""
    return any(hmac.compare_digest(signature(key, about, content), told) for key in keys)
