"""Making a backup of a Karat home while it is in use.

1. Databases first, each as of one moment; then everything else by copy. What a bot wrote into the journal rests on
   files that were there before it, so the copy never names what it does not hold.
2. The backup is built beside its place, read back and compared, and appears by one rename.
3. Only then are older ones removed, until as many are left as are to be kept.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from karat import __version__
from karat.app.backup_databases import (
    DUMP_NAME,
    copy_database,
    dump_postgresql,
    is_beside_database,
    is_database,
    postgresql_url,
)
from karat.app.backup_files import (
    FILES,
    MANIFEST,
    PREFIX,
    Copied,
    Kind,
    LeftOut,
    Manifest,
    Series,
    copy_file,
    hash_of,
    read_manifest,
    room_for_it,
    verify,
    write_manifest,
)
from karat.core.errors import InputError, KaratError, RetryLater
from karat.keys.files import KEY_MARK
from karat.lake.durable import force
from karat.lake.store import open_lake

LEFT_OUT = {
    "budget": "when vendors may be asked again: counted anew",
    "cache": "compiled kernels: made anew",
    "downloads": "unfinished downloads: begun anew",
    "incoming": "an unfinished pull: begun anew",
    "logs": "what happened: the journal has what counts",
    "streams": "records of streams that run",
    "token": "the token of the page: made anew",
}
LAKE_AGAIN = "market data can be downloaded again; --with-data copies it"
TRIES = 3
_TRANSIENT = (".lock", ".part")


def make_backup(home: Path, folder: Path, *, with_data: bool, kept: int, now_ms: int) -> tuple[Path, Manifest, int]:
    """Returns where the backup is, what is in it, and how many older ones were removed.

    Raises InputError `nothing_to_back_up`, `backups_in_home`, `not_writable` or `tool_missing`, RetryLater `disk_full`,
    `backup_busy`, `home_busy` or `database_busy`, NeedsOperator `database_damaged`.
    """
    if not home.is_dir():
        raise InputError("nothing_to_back_up", f"There is nothing at {home}.", "Set KARAT_HOME.")
    if folder.resolve().is_relative_to(home.resolve()):
        message = f"{folder} lies within {home}, and would be lost with it."
        raise InputError("backups_in_home", message, "Name another place: --to FOLDER, or KARAT_BACKUPS.")
    with room_for_it(), _alone(folder):
        building = folder / f".{PREFIX}building"
        shutil.rmtree(building, ignore_errors=True)
        try:
            building.mkdir(mode=0o700)
            manifest = _copied(home, building, with_data=with_data, now_ms=now_ms)
            write_manifest(building, manifest)
            verify(building, read_manifest(building))
            place = _free_place(folder, now_ms)
            building.rename(place)
            force([folder])
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return place, manifest, _remove_older(folder, kept)


def backups_in(folder: Path) -> list[Path]:
    """The backups of a folder, the oldest first."""
    return sorted(path for path in folder.glob(f"{PREFIX}*") if (path / MANIFEST).is_file())


def _copied(home: Path, building: Path, *, with_data: bool, now_ms: int) -> Manifest:
    files, left_out = list(_databases(home, building, with_data=with_data)), []
    held = {one.path for one in files}
    for name in sorted(path.name for path in home.iterdir()):
        why = LEFT_OUT.get(name) or (LAKE_AGAIN if name == "lake" and not with_data else "")
        if why:
            left_out.append(LeftOut(name, why))
            continue
        for path in _walk(home / name):
            place = path.relative_to(home).as_posix()
            if place in held:
                continue
            why = _why_not(path)
            if why:
                left_out.append(LeftOut(place, why))
            elif not path.name.endswith(_TRANSIENT) and not is_beside_database(path):
                files += _copy(path, building, place)
    series = tuple(
        Series(one.market, one.timeframe_ms, one.rows, one.first_ts, one.last_ts, with_data)
        for one in open_lake(home).list()
    )
    return Manifest(now_ms, __version__, tuple(sorted(files, key=lambda one: one.path)), tuple(left_out), series)


def _databases(home: Path, building: Path, *, with_data: bool) -> Iterator[Copied]:
    for name in sorted(path.name for path in home.iterdir()):
        if name in LEFT_OUT or (name == "lake" and not with_data):
            continue
        for path in _walk(home / name):
            if _why_not(path) or not _is_database(path):
                continue
            place = path.relative_to(home).as_posix()
            copy_database(path, building / FILES / place)
            yield Copied(place, Kind.SQLITE, *hash_of(building / FILES / place), 0o600)
    url = postgresql_url()
    if url is not None:
        dump_postgresql(url, building / FILES / DUMP_NAME)
        yield Copied(DUMP_NAME, Kind.POSTGRESQL, *hash_of(building / FILES / DUMP_NAME), 0o600)


def _copy(path: Path, building: Path, place: str) -> Iterator[Copied]:
    """Nothing for a file that has gone meanwhile: outside the lake a file that counts is replaced, never moved."""
    target = building / FILES / place
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        size, total = copy_file(path, target)
    except FileNotFoundError as error:
        if place.startswith("lake/"):
            raise RetryLater("home_busy", "The lake was changed while it was copied.", "Try again.") from error
        return
    yield Copied(place, Kind.FILE, size, total, mode)


def _why_not(path: Path) -> str:
    """Why a file is not copied, "" where it is."""
    try:
        if path.is_symlink() and path.is_dir():
            return "a link to a folder"
        if path.exists() and not path.is_file():
            return "no plain file"
        with path.open("rb") as file:
            if file.read(len(KEY_MARK)) == KEY_MARK.encode():
                return "a key of secrets: keep a copy elsewhere"
    except FileNotFoundError:  # whoever copies it says whether that matters
        return ""
    return ""


def _is_database(path: Path) -> bool:
    try:
        return is_database(path)
    except FileNotFoundError:
        return False


def _walk(path: Path) -> Iterator[Path]:
    """Files under a place, in the order of names: a lake's catalog before the columns that it counts, the head of a
    ledger as well. A link in the home itself is followed, others are told."""
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        first = [name for name in names if name.startswith(("catalog", "head")) or name.endswith(".head")]
        yield from (Path(folder) / name for name in (*sorted(first), *sorted(set(names) - set(first))))
        yield from (Path(folder) / name for name in folders if (Path(folder) / name).is_symlink())


def _free_place(folder: Path, now_ms: int) -> Path:
    name = f"{PREFIX}{datetime.fromtimestamp(now_ms / 1000, UTC):%Y%m%dT%H%M%SZ}"
    places = (folder / (name if number == 1 else f"{name}-{number:03}") for number in range(1, 1000))
    return next(place for place in places if not place.exists())


def _remove_older(folder: Path, kept: int) -> int:
    older = backups_in(folder)[:-kept]
    for path in older:
        (path / MANIFEST).unlink()  # half a backup must not look like one
        shutil.rmtree(path)
    return len(older)


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "backup.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"Another backup is being made in {folder}."
            raise RetryLater("backup_busy", message, "Wait until it is done.") from error
        yield


def with_patience(home: Path, folder: Path, *, with_data: bool, kept: int, now_ms: int) -> tuple[Path, Manifest, int]:
    """`make_backup`, begun again when the lake moved under it. Raises what it raises."""
    for _ in range(TRIES - 1):
        try:
            return make_backup(home, folder, with_data=with_data, kept=kept, now_ms=now_ms)
        except KaratError as error:
            if error.code != "home_busy":
                raise
    return make_backup(home, folder, with_data=with_data, kept=kept, now_ms=now_ms)
