"""Series that were found damaged, out of the way of all others.

    <root>/quarantine/<folder>/           the files as they were found; Karat never removes them
    <root>/quarantine/<folder>.json       which series, what was wrong, when it was found, its line of the catalog

1. The record is written and forced to the disk.
2. The catalog is replaced: the series is no longer served, and is listed as quarantined until it is mended.
3. The folder is moved. Killed before that, the next change moves it.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from karat.core.model.table import TableName
from karat.core.time import iso
from karat.lake.catalog import write_catalog
from karat.lake.columns import SERIES
from karat.lake.durable import force, replace_durably
from karat.lake.records import Catalog, QuarantineRecord, SeriesRecord, quarantine_values
from karat.ports.lake import Quarantined

FOLDER = "quarantine"


def set_aside(root: Path, catalog: Catalog, record: SeriesRecord, why: str, now_ms: int) -> Catalog:
    """Take a series out of the catalog, and its files out of the way. The lock of the lake must be held."""
    lost = QuarantineRecord(record.name, why, now_ms, record.folder, "", record.line, record)
    return _written(root, catalog, (lost,))


def recorded(root: Path, catalog: Catalog) -> Catalog:
    """The catalog with what was found unreadable in it written down, and every file of it out of the way.

    Where an entry no longer says where its rows lie, any unnamed folder may hold them: all are kept.
    """
    fresh = [one for one in catalog.quarantine.values() if not one.folder]
    if fresh:
        if not all(one.was and (root / one.was).is_dir() for one in fresh):
            keep_unnamed(root, catalog)
        catalog = _written(root, catalog, tuple(fresh))
    for one in catalog.quarantine.values():
        _move(root, one)
    return catalog


def keep_unnamed(root: Path, catalog: Catalog) -> None:
    """Move every folder that the catalog does not name: one of them may be what an entry should name."""
    target, named = root / FOLDER, {record.folder for record in catalog.series.values()}
    named |= {one.was for one in catalog.quarantine.values()}
    series = root / SERIES
    target.mkdir(exist_ok=True)
    for folder in sorted(series.iterdir()) if series.is_dir() else ():
        is_named = f"{SERIES}/{folder.name}" in named
        if folder.is_dir() and not is_named and not (target / folder.name).exists():
            folder.rename(target / folder.name)
            force([target, series])


def told(root: Path, record: QuarantineRecord) -> Quarantined:
    """A record as the floors above see it."""
    series = record.series
    return Quarantined(
        name=record.name,
        why=record.why,
        found_at_ms=record.found_at_ms,
        folder=files_of(root, record),
        rows=series.rows if series else None,
        first=series.first if series else None,
        last=series.last if series else None,
    )


def mended(record: SeriesRecord, lost: QuarantineRecord) -> SeriesRecord:
    """The record of a series that takes the place of a lost one; it says so where it is not the same or more of it."""
    before = lost.series
    if (
        before is not None
        and record.rows >= before.rows
        and record.first <= before.first
        and record.last >= before.last
    ):
        return record
    found = f"found damaged at {iso(lost.found_at_ms)} ({lost.why})"
    held = f"{before.rows} rows from {iso(before.first)} to {iso(before.last)}" if before else "unknown rows"
    note = f"in the place of {held} that were {found}"
    if record.quality is None:
        return replace(record, notes=tuple(dict.fromkeys((*record.notes, note))))
    repairs = tuple(dict.fromkeys((*record.quality.repairs, note)))
    return replace(record, quality=replace(record.quality, repairs=repairs))


def files_of(root: Path, record: QuarantineRecord) -> Path:
    """Where the files are: still where they were, where the last step is yet to come."""
    moved = root / record.folder if record.folder else root / FOLDER
    return root / record.was if record.was and not moved.exists() and (root / record.was).exists() else moved


def _written(root: Path, catalog: Catalog, found: tuple[QuarantineRecord, ...]) -> Catalog:
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    placed = [replace(one, folder=f"{FOLDER}/{_free(folder, one)}") for one in found]
    for one in placed:
        content = json.dumps(quarantine_values(one), indent=1).encode()
        replace_durably(root / f"{one.folder}.json", content)
    force([root])
    names = {one.name for one in placed}
    series = {name: record for name, record in catalog.series.items() if name not in names}
    after = catalog.changed(series, catalog.markets, {**catalog.quarantine, **{one.name: one for one in placed}})
    write_catalog(root, after)
    for one in placed:
        _move(root, one)
    return after


def _move(root: Path, record: QuarantineRecord) -> None:
    source, target = root / record.was, root / record.folder
    if record.was and source.exists() and not target.exists():
        source.rename(target)
        force([target.parent, source.parent])


def _free(folder: Path, record: QuarantineRecord) -> str:
    """A name in quarantine that no other files have."""
    name = record.was.removeprefix(f"{SERIES}/").replace("/", ".") or _plain(record.name)
    free = (name, *(f"{name}.again-{number}" for number in range(2, 1_000)))
    return next(word for word in free if not (folder / word).exists())


def _plain(name: TableName) -> str:
    """For a series whose own folder is not known."""
    return re.sub("[^A-Za-z0-9_-]", ".", f"{name.kind}.{name.owner}.{name.variant}")
