"""karat backup and karat restore."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import say, show, show_json
from karat.app.settings import BACKUPS_KEPT, backups_folder
from karat.core.errors import InputError
from karat.core.home import karat_home
from karat.core.time import iso

if TYPE_CHECKING:
    from karat.app.backup_files import Manifest

Json = Annotated[bool, Parameter(name="--json", negative="")]
KEPT_MAX = 10_000


def backup_command(
    *, to: Path | None = None, keep: int = BACKUPS_KEPT, with_data: Annotated[bool, Parameter(negative="")] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Copy everything under KARAT_HOME that cannot be made anew, while bots run; and check the copy.

    Parameters
    ----------
    to
        The folder for backups; one beside KARAT_HOME, or KARAT_BACKUPS, when left out.
    keep
        How many backups stay there. Older ones are removed after the new one is checked.
    with_data
        The market data too, which could be downloaded again.
    as_json
        What is in the backup, as JSON.
    """
    from karat.app.backup_making import with_patience

    if not 1 <= keep <= KEPT_MAX:
        raise InputError("bad_count", f"{keep} backups cannot be kept.", f"Use 1 to {KEPT_MAX}.")
    folder = backups_folder() if to is None else to.expanduser().resolve()
    now_ms = time.time_ns() // 1_000_000
    place, manifest, removed = with_patience(karat_home(), folder, with_data=with_data, kept=keep, now_ms=now_ms)
    if as_json:
        show_json(_json(place, manifest) | {"removed": removed})
        return
    show(str(place))
    say(f"{len(manifest.files)} files, {manifest.bytes:,} bytes, read back and checked. Older ones removed: {removed}.")
    if manifest.series and not with_data:
        say(f"The market data is not in it: {len(manifest.series)} series are listed. --with-data copies them.")
    if any(one.path == "secrets.json" for one in manifest.files):
        say("The secrets in it are encrypted. Their key is not in it: keep a copy of it elsewhere.")


def restore_command(backup: str, *, into: Path | None = None, as_json: Json = False) -> None:
    """Make a Karat home of a backup, after checking it. Nothing that exists is overwritten.

    Parameters
    ----------
    backup
        The folder of a backup, its name, or latest.
    into
        Where to; KARAT_HOME when left out. There must be nothing there.
    as_json
        What was restored, as JSON.
    """
    from karat.app.backup_restoring import find_backup, restore

    home = karat_home() if into is None else into.expanduser().absolute()
    found = find_backup(backup, backups_folder())
    manifest = restore(found, home)
    if as_json:
        show_json(_json(home, manifest))
        return
    show(str(home))
    say(f"{len(manifest.files)} files of {iso(manifest.made_ms)} are back, checked.")
    missing = [one for one in manifest.series if not one.copied]
    if missing:
        say("Market data that bots need is to be downloaded or imported again:")
        for one in missing:
            when = f"{iso(one.first_ts)} to {iso(one.last_ts)}"
            say(f"  {one.market} {one.timeframe_ms // 1000}s: {one.rows:,} bars, {when}")


def _json(place: Path, manifest: Manifest) -> dict[str, Any]:
    return {
        "path": str(place),
        "made_ms": manifest.made_ms,
        "version": manifest.version,
        "bytes": manifest.bytes,
        "files": [one.path for one in manifest.files],
        "left_out": {one.path: one.why for one in manifest.left_out},
        "series": [
            {"market": one.market, "timeframe_ms": one.timeframe_ms, "rows": one.rows, "copied": one.copied}
            for one in manifest.series
        ],
    }
