"""Restoring a backup: checked whole, written beside its place, checked again, and put there by one rename."""

from __future__ import annotations

import shutil
from pathlib import Path

from karat.app.backup_databases import JOURNAL_URL, is_sound, postgresql_url, restore_postgresql
from karat.app.backup_files import FILES, Kind, Manifest, copy_file, damaged, read_manifest, room_for_it, verify
from karat.app.backup_making import backups_in
from karat.core.errors import InputError
from karat.journal import journal_path, open_journal
from karat.lake.durable import force


def find_backup(named: str, folder: Path) -> Path:
    """A backup by its path, by its name in `folder`, or `latest` of those there. Raises InputError `no_backup`."""
    there = backups_in(folder)
    if named == "latest" and there:
        return there[-1]
    for path in (Path(named).expanduser(), folder / named):
        if named != "latest" and path.is_dir():
            return path
    names = ", ".join(path.name for path in there) or "none"
    raise InputError("no_backup", f"There is no backup '{named}'.", f"In {folder}: {names}.")


def restore(backup: Path, home: Path) -> Manifest:
    """Make `home` what the backup holds. Nothing may be there yet.

    Raises InputError `home_occupied`, `no_backup`, `backup_damaged`, `backup_newer`, `no_journal_url` or what a journal
    raises that this Karat cannot open; RetryLater `disk_full`.
    """
    manifest = read_manifest(backup)
    _refuse_occupied(home)
    verify(backup, manifest)
    dumps = [one for one in manifest.files if one.kind == Kind.POSTGRESQL]
    url = postgresql_url()
    if dumps and url is None:
        message = "The backup holds a journal of PostgreSQL."
        raise InputError("no_journal_url", message, f"Set {JOURNAL_URL} to an empty database.")
    home = home.resolve()
    building = home.with_name(f".{home.name}-restoring")
    shutil.rmtree(building, ignore_errors=True)
    with room_for_it():
        try:
            building.mkdir(mode=0o700, parents=True)
            _write(backup, building, manifest)
            if url is None and journal_path(building).exists():
                _try_journal(building)
            if dumps and url is not None:
                restore_postgresql(url, backup / FILES / dumps[0].path)
            _refuse_occupied(home)
            building.rename(home)  # takes the place of an empty folder, and of nothing else
            force([home.parent])
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return manifest


def _write(backup: Path, building: Path, manifest: Manifest) -> None:
    for one in manifest.files:
        if one.kind == Kind.POSTGRESQL:
            continue
        target = building / one.path
        if copy_file(backup / FILES / one.path, target) != (one.bytes, one.sha256):
            raise damaged(backup, f"{one.path} changed while it was read")
        target.chmod(one.mode & 0o777)
        if one.kind == Kind.SQLITE and not is_sound(target):
            raise damaged(backup, f"{one.path} could not be written whole")


def _try_journal(building: Path) -> None:
    """Open it as any command will. Raises InputError `journal_newer`, and whatever else is wrong with it."""
    journal = open_journal(building)
    try:
        journal.bots()
    finally:
        journal.close()


def _refuse_occupied(home: Path) -> None:
    if home.is_symlink() or (home.exists() and (not home.is_dir() or any(home.iterdir()))):
        hint = "Move it away first, or restore elsewhere: --into FOLDER."
        raise InputError("home_occupied", f"There is something at {home} already.", hint)
