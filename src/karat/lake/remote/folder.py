"""Objects in a folder: another disk, a share; satisfies `karat.ports.objects.Objects`."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from karat.core.errors import InputError, RetryLater
from karat.lake.refusals import DISK_FULL
from karat.ports.objects import Held

_LOCK, _PART = ".lock", ".part"


class FolderObjects:
    """A file per object."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = str(root)

    def read(self, key: str) -> Held | None:
        with self._told():
            try:
                content = (self.root / key).read_bytes()
            except FileNotFoundError:
                return None
            return Held(content, hashlib.sha256(content).hexdigest())

    def write(self, key: str, content: bytes) -> None:
        with self._told():
            path = self.root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}{_PART}")
            with beside.open("wb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
            beside.replace(path)
            _sync(path.parent)

    def replace(self, key: str, content: bytes, version: str | None) -> None:
        with self._told():
            self.root.mkdir(parents=True, exist_ok=True)
            with (self.root / _LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                held = self.read(key)
                if version != (held.version if held else None):
                    raise RetryLater(
                        "remote_changed", f"Another writer has changed {self.name} meanwhile.", "Try again."
                    )
                self.write(key, content)

    def sizes(self) -> dict[str, int]:
        with self._told():
            files = (path for path in self.root.rglob("*") if path.suffix != _PART and path.name != _LOCK)
            return {path.relative_to(self.root).as_posix(): path.stat().st_size for path in files if path.is_file()}

    def delete(self, keys: Iterable[str]) -> None:
        with self._told():
            for key in keys:
                (self.root / key).unlink(missing_ok=True)

    @contextmanager
    def _told(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in DISK_FULL:
                raise RetryLater(
                    "disk_full", f"No space left for {self.root}.", "Free some space and try again."
                ) from error
            message = f"{self.root} cannot be used: {error.strerror or error}."
            raise InputError("remote_not_usable", message, "Name a folder you may write to.") from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
