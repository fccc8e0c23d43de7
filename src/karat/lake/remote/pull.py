"""Take a remote place's series into the lake: what differs, proven first, and all at once.

1. Read the remote catalog. Series with the same hash are here already.
2. Compare the others by digests. Where this lake's rows are the first of the remote ones, only what is behind them is
   fetched; where it is the other way round nothing is; where they differ the series is refused, unless it shall be
   replaced.
3. Fetch the parts into a folder beside the lake, several at once, and prove each. A series with a damaged part is
   refused; the others go on.
4. In one change of the lake put them all. Readers see all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from karat.core.errors import InputError, NeedsOperator, RetryLater
from karat.core.model.table import Table
from karat.lake.catalog import read_catalog
from karat.lake.change import FolderChange, change_lake
from karat.lake.names import CANDLES, OF_MARKETS, words
from karat.lake.receiving import put_series
from karat.lake.records import SeriesRecord
from karat.lake.remote.catalog import PART_ROWS, RemoteCatalog, RemoteSeries, read_remote
from karat.lake.remote.local import (
    Digests,
    current_catalog,
    digests_of,
    extends,
    joined,
    proven_digests,
    rows_of,
)
from karat.lake.remote.push import Telling
from karat.lake.remote.result import KEPT, REFUSED, TAKEN, UNCHANGED, SeriesResult
from karat.lake.remote.staging import Staging, staging
from karat.lake.remote.working import workers
from karat.ports.objects import Objects


@dataclass(frozen=True, slots=True)
class Taking:
    """A series to take: what there is here now, and how many of the remote parts are here as they are there."""

    series: RemoteSeries
    here: SeriesRecord | None
    known: tuple[Digests, ...]
    adding: bool
    result: SeriesResult


def pull(root: Path, objects: Objects, folder: Path, *, replacing: bool = False, tell: Telling) -> list[SeriesResult]:
    """Make the lake hold every series of the remote place; its other series stay. `folder` is for objects on their way.

    Killed at any moment the lake is as before or complete. Raises InputError `remote_empty` when nothing was ever
    pushed there.
    """
    remote, version = read_remote(objects)
    if version is None:
        raise InputError(
            "remote_empty", f"There is no lake in {objects.name}.", "Push one there first: karat data push."
        )
    results: list[SeriesResult] = []
    with staging(folder, objects) as staged, workers() as series_workers, workers() as part_workers:
        puller = _Puller(root, staged, part_workers, replacing)
        takings: list[Taking] = []
        for made in series_workers.map(puller.prepare, remote.series.values()):
            result = made.result if isinstance(made, Taking) else made
            tell(result.name.owner)
            results.append(result)
            if isinstance(made, Taking):
                takings.append(made)
        if takings:
            _put_all(root, staged, takings, remote)
    return sorted(results, key=lambda one: one.name)


class _Puller:
    def __init__(self, root: Path, staged: Staging, part_workers: Executor, replacing: bool) -> None:
        self._root = root
        self._local = current_catalog(root)
        self._staged = staged
        self._part_workers = part_workers
        self._replacing = replacing

    def prepare(self, series: RemoteSeries) -> Taking | SeriesResult:
        """Have all of a series here, proven, or say why not."""
        here = self._local.series.get(series.name)
        try:
            if here is not None and here.hash == series.hash and not self._replacing:
                return SeriesResult(series.name, UNCHANGED, here.rows, here.hash)
            here, digests = self._proven(here)
            if here is not None and here.hash == series.hash:
                return SeriesResult(series.name, UNCHANGED, here.rows, here.hash)
            return self._fetched(series, here, digests)
        except (InputError, NeedsOperator) as error:
            return SeriesResult(series.name, REFUSED, series.rows, series.hash, error=error)

    def _fetched(
        self, series: RemoteSeries, here: SeriesRecord | None, digests: list[Digests]
    ) -> Taking | SeriesResult:
        if here is not None and not self._replacing and extends(self._root, here, digests, series):
            return SeriesResult(series.name, KEPT, here.rows, here.hash)
        same = _parts_alike(series, digests) if here is not None and here.schema == series.schema else 0
        adding = here is None or (here.rows // PART_ROWS <= same and here.rows < series.rows)
        if not adding and not self._replacing:
            raise _other_rows(series)
        wanted = range(same, len(series.parts))
        jobs = [self._part_workers.submit(self._staged.fetch, series, number) for number in wanted]
        fetched = [job.result() for job in jobs]
        known = (*digests[:same], *(one for one, _ in fetched))
        if joined(known).whole != series.hash:
            message = f"{words(series.name)}: its objects do not make the series that the catalog names."
            raise InputError("object_corrupt", message, "Push it anew from a lake that has it.")
        if adding and here is not None and not self._continues(here, digests, series):
            if not self._replacing:
                raise _other_rows(series)
            adding = False
        sizes = [size for _, size in fetched if size]
        result = SeriesResult(series.name, TAKEN, series.rows, series.hash, len(sizes), sum(sizes))
        return Taking(series, here, tuple(digests[:same]), adding, result)

    def _proven(self, here: SeriesRecord | None) -> tuple[SeriesRecord | None, list[Digests]]:
        """What there is here; nothing where it is damaged, for what comes then takes its place."""
        if here is None:
            return None, []
        try:
            return here, proven_digests(self._root, here)
        except NeedsOperator as error:
            if error.code != "series_quarantined":
                raise
            return None, []

    def _continues(self, here: SeriesRecord, digests: list[Digests], series: RemoteSeries) -> bool:
        """Whether the last rows here, fewer than a part, are the first of that part there."""
        begin = here.rows // PART_ROWS * PART_ROWS
        if begin == here.rows:
            return True
        there = self._staged.rows(series, begin // PART_ROWS)
        return digests_of(there[: here.rows - begin]).whole == digests[-1].whole


def _put_all(root: Path, staged: Staging, takings: list[Taking], remote: RemoteCatalog) -> None:
    with change_lake(root) as change:
        now = read_catalog(root)
        for taking in takings:
            found = now.series.get(taking.series.name)
            if (found and found.hash) != (taking.here and taking.here.hash):
                message = f"{words(taking.series.name)} was changed meanwhile."
                raise RetryLater("lake_changed", message, "Pull again; what has come is kept.")
        owners = {taking.series.name.owner for taking in takings if taking.series.name.kind == CANDLES}
        change.adopt({owner: remote.markets[owner] for owner in owners & remote.markets.keys()})
        for taking in takings:
            _put(change, root, staged, taking, remote)


def _put(change: FolderChange, root: Path, staged: Staging, taking: Taking, remote: RemoteCatalog) -> None:
    series = taking.series
    name = series.name
    if name.kind in OF_MARKETS:
        parts = list(_parts(root, staged, taking))
        columns = {column: np.concatenate([part.columns[column] for part in parts]) for column in series.schema.names}
        market = remote.markets.get(name.owner)
        put_series(change, name, Table(series.schema, columns), series.quality, bool(market and market.sessions))
        return
    rows_here = taking.here.rows if taking.here is not None and taking.adding else 0
    begin = 0
    for part in _parts(root, staged, taking):
        new = part[max(0, rows_here - begin) :]
        if begin == 0 and rows_here == 0:
            change.put_table(name, new, series.notes)
        elif len(new):
            change.append(name, new, series.notes)
        begin += len(part)


def _parts(root: Path, staged: Staging, taking: Taking) -> Iterator[Table]:
    """The rows of a series, a part at a time: those here, then those that came."""
    for number, part in enumerate(taking.series.parts):
        begin = number * PART_ROWS
        if number < len(taking.known):
            assert taking.here is not None, "parts are known from rows that are here"
            yield rows_of(root, taking.here, begin, begin + part.rows)
        else:
            yield staged.rows(taking.series, number)


def _parts_alike(series: RemoteSeries, digests: list[Digests]) -> int:
    """How many parts are the same here and there, from the first on."""
    pairs = zip(series.parts, digests, strict=False)
    return next(
        (at for at, (part, one) in enumerate(pairs) if part.digest != one.whole), min(len(series.parts), len(digests))
    )


def _other_rows(series: RemoteSeries) -> InputError:
    message = f"{words(series.name)}: this lake holds other rows for the same times."
    return InputError("lake_differs", message, "pull --replace takes the remote ones, push --replace keeps these.")
