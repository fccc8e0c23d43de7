"""Files that only their owner may read, replaced whole, and the file that holds the key.

The key file has a line for each key that is tried, the newest first.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path

from karat.core.errors import NeedsOperator
from karat.keys.sealing import KEY_BYTES

KEY_MARK = "karat-key-1"


def private_bytes(path: Path) -> bytes:
    """What is in a file. Raises NeedsOperator `loose_permissions` where others may read or change it, OSError."""
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            message = f"{path} may be read or changed by others (mode {mode:04o})."
            raise NeedsOperator(
                "loose_permissions", message, f"If nobody else has had it: chmod 600 {path}. Else rekey."
            )
        return file.read()


def replace_privately(path: Path, content: bytes) -> None:
    """Replace a file so that a reader, or a crash at any moment, finds the old one or the new one, whole."""
    beside = path.with_name(path.name + ".part")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_keys(path: Path) -> list[bytes]:
    """The keys of a key file, newest first. Raises NeedsOperator `key_file_missing`, `key_damaged` or
    `loose_permissions`."""
    try:
        lines = private_bytes(path).decode("ascii").splitlines()
        keys = [base64.b64decode(line.removeprefix(KEY_MARK).strip(), validate=True) for line in lines]
    except FileNotFoundError as error:
        hint = "Put the key file back, or name its place: KARAT_SECRET_KEY_FILE. Without it the secrets are lost."
        raise NeedsOperator("key_file_missing", f"The key of the secrets is not at {path}.", hint) from error
    except OSError as error:
        message = f"The key file {path} cannot be read: {error.strerror}."
        raise NeedsOperator("key_damaged", message, "Check its place and its rights.") from error
    except (UnicodeDecodeError, binascii.Error, ValueError) as error:
        raise _damaged(path) from error
    if not keys or any(len(key) != KEY_BYTES for key in keys) or not all(one.startswith(KEY_MARK) for one in lines):
        raise _damaged(path)
    return keys


def write_keys(path: Path, keys: list[bytes]) -> None:
    """Replace the keys of a key file. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_privately(path, "".join(f"{KEY_MARK} {base64.b64encode(key).decode()}\n" for key in keys).encode())


def _damaged(path: Path) -> NeedsOperator:
    return NeedsOperator("key_damaged", f"{path} is no key file of Karat, or is damaged.", "Put a copy in its place.")
