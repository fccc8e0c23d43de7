"""The catalog file: what the lake holds, and how many rows of each series count.

Rows are written first; then the catalog is replaced in one rename. That rename is the moment a whole change becomes
visible, so a killed change leaves the lake as before or complete. A process parses each version once.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import BinaryIO

from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import MarketId
from karat.lake.durable import replace_durably
from karat.lake.format_one import series_of_format_one
from karat.lake.records import FORMAT, Catalog, MarketRecord, quarantine_of, series_of
from karat.lake.refusals import lake_not_usable
from karat.lake.unreadable import by_name, entries_of, loaded, newer_words

CATALOG_NAME = "catalog.json"
_HEAD_BYTES = 64  # hold format and number
_LAKES_KEPT = 16

Version = tuple[int, int, int, bytes]
_parsed: dict[Path, tuple[Version, Catalog]] = {}


def read_catalog(root: Path) -> Catalog:
    """The catalog as it is now; empty when there is none yet.

    Raises InputError `lake_newer` when a newer Karat wrote it, `lake_not_usable` when the folder is closed to us,
    NeedsOperator `lake_damaged` when it cannot be understood. A single entry that cannot be is in its quarantine.
    """
    path = root / CATALOG_NAME
    try:
        with path.open("rb") as handle:
            version, head = _version(handle)
            known = _parsed.get(path)
            if known is not None and known[0] == version:
                return known[1]
            content = head + handle.read()
    except FileNotFoundError:
        return Catalog({}, {})
    except OSError as error:
        raise lake_not_usable(root, error) from error
    return _keep(path, version, _parse(path, content))


def write_catalog(root: Path, catalog: Catalog) -> None:
    """Replace the catalog in one step."""
    path = root / CATALOG_NAME
    replace_durably(path, catalog.text().encode())
    with path.open("rb") as handle:
        _keep(path, _version(handle)[0], catalog)


def _version(handle: BinaryIO) -> tuple[Version, bytes]:
    """What tells this version of the file from all others, and its first bytes.

    Inodes and times come again within one tick of the clock of the file system; the number of the change does not.
    """
    state, head = os.fstat(handle.fileno()), handle.read(_HEAD_BYTES)
    return (state.st_ino, state.st_mtime_ns, state.st_size, head), head


def _keep(path: Path, version: Version, catalog: Catalog) -> Catalog:
    if len(_parsed) >= _LAKES_KEPT:
        _parsed.clear()
    _parsed[path] = version, catalog
    return catalog


def _parse(path: Path, content: bytes) -> Catalog:
    try:
        raw = loaded(content)
        found = raw["format"]
        if found > FORMAT:
            raise _newer(path, f"format {found}, this one knows {FORMAT}")
        unknown = newer_words(raw) if found == FORMAT else ""
        if unknown:
            raise _newer(path, f"this one does not know '{unknown}'")
        markets = {MarketId(name): MarketRecord(**item) for name, item in raw["markets"].items()}
        read = series_of_format_one if found == 1 else series_of
        records, unreadable = entries_of(raw["series"], read, time.time_ns() // 1_000_000)
        if unreadable and found == 1:
            raise ValueError(unreadable[0].why)
        known = [quarantine_of(item) for item in raw.get("quarantine", ())]
        number: int = raw.get("number", 0)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"{path} cannot be read: {error}."
        raise NeedsOperator("lake_damaged", message, "Move the lake away and pull or import again.") from error
    series = {record.name: record for record in records}
    return Catalog(series, markets, number, found, by_name(records, unreadable, known))


def _newer(path: Path, why: str) -> InputError:
    message = f"{path} was written by a newer Karat ({why})."
    return InputError("lake_newer", message, "Update Karat, or point KARAT_HOME at another folder.")
