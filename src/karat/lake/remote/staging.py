"""Objects on their way into the lake: proven one by one, kept in a folder so that a killed pull need not ask twice.

An object is proven when its bytes have the digest that is its name, and when the rows in it are those that the remote
catalog names.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from karat.core.errors import InputError, RetryLater
from karat.core.model.table import Table
from karat.lake.cold import read_cold
from karat.lake.names import folder_label, words
from karat.lake.refusals import DISK_FULL, NOT_OURS, lake_not_usable
from karat.lake.remote.catalog import RemoteSeries, part_key
from karat.lake.remote.local import Digests, digests_of
from karat.ports.objects import Objects

_LOCK_NAME = "pull.lock"


class Staging:
    """A folder of proven objects."""

    def __init__(self, folder: Path, objects: Objects) -> None:
        self._folder = folder
        self._objects = objects

    def fetch(self, series: RemoteSeries, number: int) -> tuple[Digests, int]:
        """Have the object of one part here. Returns the digests of its rows and the bytes that went over the net.

        Raises InputError `object_missing` or `object_corrupt`, which name it.
        """
        part = series.parts[number]
        path, key = self._path(series, number), part_key(series.name, part.sha256)
        fetched = 0
        content = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(content).hexdigest() != part.sha256:
            held = self._objects.read(key)
            if held is None:
                raise _unusable("object_missing", series, key, f"is not in {self._objects.name}")
            content, fetched = held.content, len(held.content)
            if hashlib.sha256(content).hexdigest() != part.sha256:
                reason = f"is damaged: {fetched} bytes, and not those of its name"
                raise _unusable("object_corrupt", series, key, reason)
            path.parent.mkdir(exist_ok=True)
            beside = path.with_suffix(".part")
            beside.write_bytes(content)
            beside.replace(path)
        try:
            digests = digests_of(read_cold([content], series.schema, part.rows))
        except ValueError as error:
            raise _unusable("object_corrupt", series, key, f"cannot be read: {error}") from error
        if digests.whole != part.digest:
            raise _unusable("object_corrupt", series, key, "holds other rows than the catalog says")
        return digests, fetched

    def rows(self, series: RemoteSeries, number: int) -> Table:
        """The rows of a part that was fetched."""
        return read_cold([self._path(series, number).read_bytes()], series.schema, series.parts[number].rows)

    def _path(self, series: RemoteSeries, number: int) -> Path:
        """A file of its own for each part: parts with the same rows come at the same time."""
        return self._folder / folder_label(series.name) / f"{number}-{series.parts[number].sha256}.parquet"


@contextmanager
def staging(folder: Path, objects: Objects) -> Generator[Staging]:
    """A folder of this pull alone; removed when the block ends well, kept when it does not.

    Raises RetryLater `pull_busy` while another pull uses it, `disk_full` when there is no room.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _LOCK_NAME).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                message = f"Another pull is running into {folder.parent}."
                raise RetryLater("pull_busy", message, "Wait until it has finished and try again.") from error
            yield Staging(folder, objects)
            shutil.rmtree(folder, ignore_errors=True)  # what stays is proven anew by the next pull
    except OSError as error:
        if error.errno in DISK_FULL:
            message = f"No space left for {folder}."
            raise RetryLater("disk_full", message, "Free some space and pull again; what has come is kept.") from error
        if error.errno in NOT_OURS:
            raise lake_not_usable(folder, error) from error
        raise


def _unusable(code: str, series: RemoteSeries, key: str, reason: str) -> InputError:
    hint = "Remove that object and push --replace from a lake that has the series."
    return InputError(code, f"{words(series.name)}: object {key} {reason}.", hint)
