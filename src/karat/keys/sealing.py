"""AES-256-GCM over single values, and the key of a passphrase (scrypt). The library is imported when it is needed."""

from __future__ import annotations

import base64
import binascii
import os

KEY_BYTES = 32
SALT_BYTES = 16
_NONCE_BYTES = 12
SCRYPT_COST = 2**17  # OWASP's first choice (with r=8, p=1): 128 MB and some tenths of a second for each guess
SCRYPT_COST_MIN, SCRYPT_COST_MAX = 2**14, 2**20  # less is too easy to guess, more is a file that wants our memory
_BLOCK, _LANES = 8, 1


class NotOpenedError(Exception):
    """Another key, or other bytes than were sealed."""


def seal(key: bytes, value: str, about: str) -> str:
    """The value under a fresh nonce, in base64. It opens only with the same `about`, which is not kept in it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, value.encode(), about.encode())).decode()


def unseal(key: bytes, sealed: str, about: str) -> str:
    """The inverse of `seal`. Raises NotOpenedError."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        raw = base64.b64decode(sealed, validate=True)
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], about.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise NotOpenedError from error


def stretched(passphrase: str, salt: bytes, cost: int) -> bytes:
    """The key of a passphrase."""
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=KEY_BYTES, n=cost, r=_BLOCK, p=_LANES).derive(passphrase.encode())
