"""What a reader does with damage that it met."""

from __future__ import annotations

from pathlib import Path

from karat.core.errors import InputError, NeedsOperator, RetryLater
from karat.lake.catalog import read_catalog
from karat.lake.change import change_lake
from karat.lake.damage import in_quarantine, not_set_aside
from karat.lake.quarantine import told
from karat.lake.records import SeriesRecord

_LOCK_WAIT_SECONDS = 0.5  # a small change takes milliseconds; behind a long one damage is told of and stays


def settle(root: Path, record: SeriesRecord, why: str) -> NeedsOperator | None:
    """Set a damaged series aside. Returns what to say of it, None when it was replaced meanwhile: then look again.

    Raises NeedsOperator `lake_damaged` when the lake cannot be changed now.
    """
    if read_catalog(root).series.get(record.name) == record:
        try:
            with change_lake(root, _LOCK_WAIT_SECONDS) as change:
                change.prove(record.name)
        except (InputError, RetryLater) as error:
            raise not_set_aside(record.name, why) from error
    now = read_catalog(root)
    if record.name in now.quarantine:
        return in_quarantine(told(root, now.quarantine[record.name]))
    if now.series.get(record.name) == record:
        raise not_set_aside(record.name, why)
    return None
