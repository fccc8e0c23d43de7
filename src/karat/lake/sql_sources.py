"""Where SQL finds rows: the hot lake, or a cold one in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from karat.core.errors import InputError
from karat.core.model.table import Table, TableName
from karat.lake.catalog import read_catalog
from karat.lake.cold import BITS, BYTES, codings_of, read_cold
from karat.lake.names import words
from karat.lake.records import SeriesRecord
from karat.lake.remote.catalog import RemoteSeries, part_key, read_remote
from karat.lake.remote.folder import FolderObjects
from karat.lake.remote.local import rows_of


@dataclass(frozen=True, slots=True)
class HotRows:
    """Rows as arrays."""

    table: Table


@dataclass(frozen=True, slots=True)
class ColdRows:
    """Rows in a Parquet file. `digits`: for each column the power of ten that divides it, None where nothing does."""

    path: Path
    digits: Mapping[str, int | None]


Rows = HotRows | ColdRows


class SqlSource(Protocol):
    """Series, and the rows of one."""

    def series(self) -> Mapping[TableName, SeriesRecord | RemoteSeries]: ...

    def rows(self, series: SeriesRecord | RemoteSeries) -> Iterator[Rows]: ...


class HotSource:
    """The lake in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._series = read_catalog(root).series

    def series(self) -> Mapping[TableName, SeriesRecord | RemoteSeries]:
        return self._series

    def rows(self, series: SeriesRecord | RemoteSeries) -> Iterator[Rows]:
        assert isinstance(series, SeriesRecord), "series of this source"
        yield HotRows(rows_of(self._root, series, 0, series.rows))


class ColdSource:
    """A lake that was pushed to a folder. Raises InputError `remote_empty` when none was."""

    def __init__(self, folder: Path) -> None:
        place = FolderObjects(folder)
        catalog, version = read_remote(place)
        if version is None:
            raise InputError(
                "remote_empty", f"There is no lake in {folder}.", "Push one there: karat data push FOLDER."
            )
        self._folder = folder
        self._series = catalog.series

    def series(self) -> Mapping[TableName, SeriesRecord | RemoteSeries]:
        return self._series

    def rows(self, series: SeriesRecord | RemoteSeries) -> Iterator[Rows]:
        assert isinstance(series, RemoteSeries), "series of this source"
        for part in series.parts:
            path = self._folder / part_key(series.name, part.sha256)
            try:
                codings = codings_of(path)
                if {BITS, BYTES} & set(codings.values()):  # SQL cannot undo these
                    yield HotRows(read_cold([path.read_bytes()], series.schema, part.rows))
                else:
                    digits = {name: codings[name] for name in series.schema.names}
                    yield ColdRows(path, {name: one if isinstance(one, int) else None for name, one in digits.items()})
            except (ValueError, OSError) as error:
                message = f"{words(series.name)}: {path} cannot be read."
                raise InputError("object_corrupt", message, "Push it anew from a lake that has it.") from error
