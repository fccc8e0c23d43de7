"""A backup as files: a folder with `manifest.json` and, under `files`, what was copied.

The manifest names every file with size and SHA-256, and is sealed by a sum over itself, so that a change anywhere in a
backup is found before anything is restored from it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from karat import __version__
from karat.app.backup_databases import is_sound
from karat.core.errors import InputError, RetryLater
from karat.lake.durable import force, replace_durably
from karat.lake.refusals import DISK_FULL

FORMAT = 1
MANIFEST = "manifest.json"
FILES = "files"
PREFIX = "karat-"
_CHUNK_BYTES = 2**20


class Kind(StrEnum):
    """What a file is, and so how it was copied and is checked."""

    FILE = "file"
    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True)
class Copied:
    """One file of a backup: its place under KARAT_HOME, and what must be there."""

    path: str
    kind: Kind
    bytes: int
    sha256: str
    mode: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is under KARAT_HOME and not in the backup, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Series:
    """Candles that the lake held; `copied` says whether the backup holds them too. Times are UTC ms."""

    market: str
    timeframe_ms: int
    rows: int
    first_ts: int
    last_ts: int
    copied: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    made_ms: int
    version: str
    files: tuple[Copied, ...]
    left_out: tuple[LeftOut, ...]
    series: tuple[Series, ...]

    @property
    def bytes(self) -> int:
        return sum(one.bytes for one in self.files)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Raises OSError."""
    told = {"format": FORMAT, **asdict(manifest)}
    replace_durably(folder / MANIFEST, json.dumps({**told, "sum": _sum(told)}, indent=1).encode())


def read_manifest(folder: Path) -> Manifest:
    """Raises InputError `no_backup`, `backup_damaged` or `backup_newer`."""
    try:
        told = json.loads((folder / MANIFEST).read_bytes())
        total = told.pop("sum")
        if total != _sum(told):
            raise damaged(folder, f"{MANIFEST} was changed")
        number = told.pop("format")
        if number > FORMAT or _numbers(told["version"]) > _numbers(__version__):
            message = f"{folder} was written by a newer Karat ({told['version']}, this is {__version__})."
            raise InputError("backup_newer", message, "Upgrade Karat.")
        return _manifest(told)
    except OSError as error:
        hint = "Name a folder that karat backup made."
        raise InputError("no_backup", f"{folder} is no backup: it has no {MANIFEST} that can be read.", hint) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(folder, f"{MANIFEST} cannot be understood") from error


def verify(folder: Path, manifest: Manifest) -> None:
    """Every file is there, whole and sound, and there is no other. Raises InputError `backup_damaged`."""
    root = folder / FILES
    named = {one.path for one in manifest.files}
    there = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_symlink() or not path.is_dir()}
    for path in sorted(named ^ there):
        raise damaged(folder, f"{path} is {'missing' if path in named else 'not part of it'}")
    for one in manifest.files:
        path = root / one.path
        if path.is_symlink() or not path.is_file() or hash_of(path) != (one.bytes, one.sha256):
            raise damaged(folder, f"{one.path} is not what was copied")
        if one.kind == Kind.SQLITE and not is_sound(path):
            raise damaged(folder, f"{one.path} is a database that is not sound")


def damaged(folder: Path, what: str) -> InputError:
    return InputError("backup_damaged", f"The backup {folder} is damaged: {what}.", "Use another one.")


def hash_of(path: Path) -> tuple[int, str]:
    """Bytes and SHA-256 of a file."""
    total, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        for chunk in _chunks(file.fileno()):
            total.update(chunk)
            size += len(chunk)
    return size, total.hexdigest()


def copy_file(source: Path, target: Path) -> tuple[int, str]:
    """Copy and force to the disk. Returns bytes and SHA-256 of what was read. Raises OSError."""
    total, size = hashlib.sha256(), 0
    with source.open("rb") as file:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            for chunk in _chunks(file.fileno()):
                total.update(chunk)
                size += len(chunk)
                out.write(chunk)
    force([target])
    return size, total.hexdigest()


@contextmanager
def room_for_it() -> Generator[None]:
    """Raises RetryLater `disk_full`, InputError `not_writable`, in the place of the system's own errors."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            hint = "Free some, or name another place: --to FOLDER. Earlier backups are as they were."
            raise RetryLater("disk_full", "There is no room for the backup.", hint) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            message = f"{error.filename} cannot be written: {error.strerror}."
            raise InputError("not_writable", message, "Name another place, or change its rights.") from error
        raise


def _chunks(handle: int) -> Iterator[bytes]:
    while chunk := os.read(handle, _CHUNK_BYTES):
        yield chunk


def _manifest(told: dict[str, Any]) -> Manifest:
    files = tuple(Copied(**{**one, "kind": Kind(one["kind"])}) for one in told["files"])
    for one in files:
        place = PurePosixPath(one.path)
        if place.is_absolute() or ".." in place.parts or place.as_posix() != one.path or not place.parts:
            raise ValueError("no place within a home")
    return Manifest(
        int(told["made_ms"]),
        str(told["version"]),
        files,
        tuple(LeftOut(**one) for one in told["left_out"]),
        tuple(Series(**one) for one in told["series"]),
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3])


def _sum(told: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
