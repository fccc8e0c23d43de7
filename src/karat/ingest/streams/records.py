"""The status record of every stream: a small file each, that other commands read, and the right to run the stream.

Two processes that stream the same would store everything twice, so each stream is locked while it runs. The system
drops the lock when a process dies; the record stays, and its `written_ms` says how old it is (see `standing`).
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path

from karat.core.errors import InputError
from karat.core.home import karat_home
from karat.core.ids import MarketId
from karat.ingest.streams.status import StreamStatus
from karat.ports.stream import StreamKind


def streams_folder(home: Path | None = None) -> Path:
    """Where the records are."""
    return (home or karat_home()) / "streams"


class StreamRecords:
    """The records of the streams of this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._locks: list[int] = []

    def claim(self, market: MarketId, kind: StreamKind) -> None:
        """Take the right to run a stream. Raises InputError `stream_runs_already`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder / f"{market}.{kind.value}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        self._locks.append(handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"{kind.value} of {market} are streamed by another process."
            raise InputError("stream_runs_already", message, "Stop that one first, or leave this one out.") from error

    def write(self, statuses: Iterable[StreamStatus], now_ms: int) -> None:
        """Replace the records of these streams."""
        for status in statuses:
            path = self.folder / f"{status.market}.{status.kind.value}.json"
            part = path.with_suffix(".part")
            part.write_text(json.dumps({**status.as_json(), "written_ms": now_ms}), "utf-8")
            part.replace(path)

    def close(self) -> None:
        """Give the rights back."""
        for handle in self._locks:
            os.close(handle)
        self._locks.clear()
