"""Send the lake to a remote place: what changed, and nothing twice.

1. Read the remote catalog. Series with the same hash are there already.
2. Prove the rows of the others, and compare them with the remote ones, by digests alone. Where the remote rows are not
   the first of ours the series is refused, unless it shall be replaced.
3. Write the parts that are not there, several at once. An object is named by its bytes: one that a killed push left is
   not sent again.
4. Replace the catalog, if it still is the one that was read. This is the only step that readers can see.
5. Remove the objects that the push before this one took out of the catalog.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from karat.core.errors import InputError, NeedsOperator
from karat.lake.cold import write_cold
from karat.lake.names import words
from karat.lake.records import SeriesRecord
from karat.lake.remote.catalog import (
    CATALOG_KEY,
    PART_ROWS,
    Part,
    RemoteCatalog,
    RemoteSeries,
    catalog_text,
    part_key,
    read_remote,
    remote_series,
)
from karat.lake.remote.local import Digests, current_catalog, extends, proven_digests, rows_of
from karat.lake.remote.result import REFUSED, SENT, UNCHANGED, SeriesResult
from karat.lake.remote.working import workers
from karat.ports.objects import Objects

Telling = Callable[[str], None]


def push(root: Path, objects: Objects, *, replacing: bool = False, tell: Telling) -> list[SeriesResult]:
    """Make the remote place hold every series of the lake; its other series stay.

    Killed at any moment the place is as before or complete. Raises RetryLater `remote_changed` when another push was
    first; what else the place raises goes through, and nothing is lost.
    """
    local = current_catalog(root)
    remote, version = read_remote(objects)
    differing = [one for name, one in local.series.items() if replacing or _differs(one, remote.series.get(name))]
    results = {name: SeriesResult(name, UNCHANGED, one.rows, one.hash) for name, one in local.series.items()}
    after = dict(remote.series)
    with workers() as series_workers, workers() as part_workers:
        sender = _Sender(root, objects, objects.sizes() if differing else {}, part_workers, replacing)
        for result, sent in series_workers.map(
            sender.send, differing, (remote.series.get(one.name) for one in differing)
        ):
            tell(str(result.name.owner))
            results[result.name] = result
            if sent is not None:
                after[result.name] = sent
    for name, record in local.series.items():  # what is said of the rows may have changed where the rows did not
        if results[name].status == UNCHANGED:
            after[name] = remote_series(record, after[name].parts)
    _commit(objects, remote, version, RemoteCatalog(after, {**local.markets, **remote.markets}))
    return [results[name] for name in sorted(results)]


def _differs(record: SeriesRecord, there: RemoteSeries | None) -> bool:
    return there is None or there.hash != record.hash


def _commit(objects: Objects, before: RemoteCatalog, version: str | None, after: RemoteCatalog) -> None:
    if (after.series, after.markets) == (before.series, before.markets):
        return
    keys = after.object_keys()
    new = replace(after, retired=tuple(sorted(before.object_keys() - keys)))
    objects.replace(CATALOG_KEY, catalog_text(new), version)
    old = set(before.retired) - keys
    if old:
        objects.delete(sorted(old))


class _Sender:
    def __init__(
        self, root: Path, objects: Objects, there: Mapping[str, int], part_workers: Executor, replacing: bool
    ) -> None:
        self._root = root
        self._objects = objects
        self._there = there
        self._part_workers = part_workers
        self._replacing = replacing

    def send(self, record: SeriesRecord, there: RemoteSeries | None) -> tuple[SeriesResult, RemoteSeries | None]:
        """Send one series. Returns what became of it, and how it lies there when it does."""
        try:
            digests = proven_digests(self._root, record)
            if there is not None and not self._replacing and not extends(self._root, record, digests, there):
                raise _other_rows(record, there, self._objects.name)
        except (InputError, NeedsOperator) as error:
            return SeriesResult(record.name, REFUSED, record.rows, record.hash, error=error), None
        known = {part.digest: part for part in there.parts} if there is not None else {}
        jobs = [self._part_workers.submit(self._send_part, record, at, one, known) for at, one in enumerate(digests)]
        done = [job.result() for job in jobs]
        sent = [size for _, size in done if size]
        status = SENT if sent or there is None or there.hash != record.hash else UNCHANGED
        result = SeriesResult(record.name, status, record.rows, record.hash, len(sent), sum(sent))
        return result, remote_series(record, tuple(part for part, _ in done))

    def _send_part(
        self, record: SeriesRecord, number: int, digests: Digests, known: Mapping[str, Part]
    ) -> tuple[Part, int]:
        """Write one part unless it is there. Returns it and the bytes sent."""
        part = known.get(digests.whole)
        if part is not None and self._there.get(part_key(record.name, part.sha256)) == part.bytes:
            return part, 0
        begin = number * PART_ROWS
        rows = rows_of(self._root, record, begin, begin + PART_ROWS)
        content = write_cold(rows)
        part = Part(hashlib.sha256(content).hexdigest(), len(content), len(rows), digests.whole)
        key = part_key(record.name, part.sha256)
        if self._there.get(key) == part.bytes:
            return part, 0
        self._objects.write(key, content)
        return part, part.bytes


def _other_rows(record: SeriesRecord, there: RemoteSeries, place: str) -> InputError:
    if there.last > record.last:
        message = f"{words(record.name)}: {place} holds rows that this lake does not, up to a later time."
        return InputError("remote_ahead", message, "Pull first, or push --replace to put this lake's in their place.")
    message = f"{words(record.name)}: {place} holds other rows for the same times."
    return InputError("remote_differs", message, "Pull --replace to take them, or push --replace to replace them.")
