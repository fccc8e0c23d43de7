"""Writes that a dying process or machine cannot leave half done."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from karat.lake.damage import DamagedError

_FEW, _AT_ONCE = 64, 16


def extend(path: Path, committed_bytes: int, content: memoryview | bytes) -> None:
    """Write after the first `committed_bytes` of a file, and drop what a killed writer left beyond them.

    Not forced to the disk: see `force`. Nothing before `committed_bytes` is touched, so maps of it stay true. Raises
    DamagedError when the file is shorter than that.
    """
    with path.open("ab") as handle:
        size = handle.tell()
        if size < committed_bytes:
            raise too_short(path, size, committed_bytes)
        if size > committed_bytes:
            handle.truncate(committed_bytes)
        handle.write(content)


def too_short(path: Path, size: int, bytes_due: int) -> DamagedError:
    """What to say of a file that has lost bytes."""
    return DamagedError(f"{path.name} has {size} bytes where {bytes_due} belong")


def force(paths: Iterable[Path]) -> None:
    """Force the content of files, or the names in folders, to the disk.

    Many are forced several at once: a file system with a journal then writes that once for many (3,000 small files on
    ext4: 0.6 s one by one, 0.1 s so). For a few, starting threads costs more.
    """
    waiting = list(paths)
    if len(waiting) <= _FEW:
        for path in waiting:
            _force(path)
    else:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(_force, waiting))


def _force(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_durably(path: Path, content: bytes) -> None:
    """Replace a file so that a reader, or a crash at any moment, finds the old one or the new one, whole."""
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(content)
    force([beside])
    beside.replace(path)
    force([path.parent])
