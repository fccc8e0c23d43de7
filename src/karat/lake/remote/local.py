"""The lake's side of a transfer: rows of a series in parts, and what names them.

A part is named as the lake names a series: by the digests of its blocks of 65,536 rows. Digests of all blocks in a row
name the whole series, so one pass over the rows proves both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from karat.core.errors import KaratError, RetryLater
from karat.core.model.table import Table
from karat.lake.blocks import BLOCK_ROWS, content_hash
from karat.lake.catalog import read_catalog
from karat.lake.change import change_lake
from karat.lake.columns import packed, unpacked
from karat.lake.damage import DamagedError, reading
from karat.lake.names import words
from karat.lake.proof import rows_of_series
from karat.lake.records import FORMAT, Catalog, SeriesRecord
from karat.lake.remote.catalog import PART_ROWS, RemoteSeries
from karat.lake.settling import settle


@dataclass(frozen=True, slots=True)
class Digests:
    """What names rows in a row: a digest (hex) for each block, full blocks but the last."""

    blocks: tuple[str, ...]

    @property
    def whole(self) -> str:
        """The digest of all, which is the lake's hash of a series."""
        if len(self.blocks) == 1:
            return self.blocks[0]
        return hashlib.sha256(b"".join(bytes.fromhex(block) for block in self.blocks)).hexdigest()


def current_catalog(root: Path) -> Catalog:
    """The catalog of the lake, brought to the format of today: hashes of an older one name no blocks."""
    catalog = read_catalog(root)
    if catalog.series and catalog.format != FORMAT:
        with change_lake(root):
            pass  # any change brings the format up
        catalog = read_catalog(root)
    return catalog


def digests_of(rows: Table) -> Digests:
    """The digests of rows that begin at a block."""
    begins = range(0, len(rows), BLOCK_ROWS)
    pieces = (rows[begin : begin + BLOCK_ROWS] for begin in begins)
    return Digests(tuple(content_hash(packed(rows.schema, piece.columns)) for piece in pieces))


def joined(digests: Iterable[Digests]) -> Digests:
    """The digests of rows one after another."""
    return Digests(tuple(block for one in digests for block in one.blocks))


def part_begins(rows: int) -> range:
    """Where the parts of a series begin."""
    return range(0, rows, PART_ROWS)


def rows_of(root: Path, record: SeriesRecord, begin: int, end: int) -> Table:
    """Rows of a series, memory-mapped.

    Raises RetryLater `lake_changed` when a change has swept them away, NeedsOperator `series_quarantined` when they are
    damaged.
    """
    try:
        with reading():
            columns = unpacked(rows_of_series(root, record, begin, min(end, record.rows)))
    except DamagedError as error:
        raise _settled(root, record, error.why) from error
    return Table(record.schema, columns)


def parts_of(root: Path, record: SeriesRecord) -> Iterator[Table]:
    """A series, part by part."""
    for begin in part_begins(record.rows):
        yield rows_of(root, record, begin, begin + PART_ROWS)


def proven_digests(root: Path, record: SeriesRecord) -> list[Digests]:
    """The digests of each part. Raises NeedsOperator `series_quarantined` when they are not those of the catalog."""
    digests = [digests_of(part) for part in parts_of(root, record)]
    if joined(digests).whole != record.hash:
        raise _settled(root, record, "its rows are not what was written")
    return digests


def _settled(root: Path, record: SeriesRecord, why: str) -> KaratError:
    message = f"{words(record.name)} was replaced meanwhile."
    return settle(root, record, why) or RetryLater("lake_changed", message, "Run the same command again.")


def extends(root: Path, record: SeriesRecord, digests: list[Digests], remote: RemoteSeries) -> bool:
    """Whether the rows of the remote series are the first of the lake's."""
    if record.schema != remote.schema or record.rows < remote.rows:
        return False
    for number, part in enumerate(remote.parts):
        digest = digests[number].whole
        if part.digest == digest:
            continue
        begin = number * PART_ROWS
        last = number == len(remote.parts) - 1
        if not last or digests_of(rows_of(root, record, begin, begin + part.rows)).whole != part.digest:
            return False
    return True
