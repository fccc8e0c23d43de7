"""An append-only file of lines, each sealed with the hash of the one before it.

1. A line is `{"previous": hash, "record": {...}, "seq": n, "hash": sha256 of the three}`, keys sorted, one write,
   forced to the disk. Anyone can check it with a few lines of code.
2. `<name>.head` holds the number and hash of the last line, replaced after each append. A file with fewer lines than
   its head says has lost some, and is refused. One more line than the head says was written by a process that died
   between the two: it counts.
3. A last line without an end was never acknowledged to anybody: the next append drops it.
4. Writers wait for each other with a lock that the system drops when a process dies.
5. Whoever reads again checks that what was checked before has not changed by one hash over all of it, and line by line
   only what came after.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from karat.core.errors import NeedsOperator
from karat.lake.durable import replace_durably

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Line:
    """One sealed record. `seq` counts from 1."""

    seq: int
    record: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class _Checked:
    """The first `size_bytes` of a file, whose SHA-256 is `digest`, as lines."""

    lines: tuple[Line, ...] = ()
    size_bytes: int = 0
    digest: bytes = hashlib.sha256().digest()


class Chain:
    """The lines of one file. Nothing here changes or removes a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._head = path.with_suffix(".head")
        self._checked = _Checked()

    def append(self, record: Mapping[str, Any]) -> Line:
        """Seal one more record; it is on the disk when this returns.

        Raises NeedsOperator `ledger_damaged`; OSError when the disk is full, and then nothing was added.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._only_writer():
            lines, sound_bytes = self._read()
            last = lines[-1] if lines else Line(0, {}, GENESIS)
            line = Line(last.seq + 1, record, _seal(last.seq + 1, last.hash, record))
            self._write(_text(line, last.hash), sound_bytes)
            replace_durably(self._head, json.dumps({"seq": line.seq, "hash": line.hash}).encode())
        return line

    def lines(self) -> tuple[Line, ...]:
        """Every line, checked. Raises NeedsOperator `ledger_damaged` with the first that does not hold."""
        return tuple(self._read()[0])

    def _read(self) -> tuple[list[Line], int]:
        """The lines, and how many bytes they take; what comes after was never acknowledged."""
        raw = self.path.read_bytes() if self.path.exists() else b""
        whole, known = raw.rfind(b"\n") + 1, self._checked
        if hashlib.sha256(raw[: known.size_bytes]).digest() != known.digest:
            known = _Checked()
        lines = list(known.lines)
        for text in raw[known.size_bytes : whole].splitlines():
            lines.append(self._line(text, lines[-1] if lines else Line(0, {}, GENESIS)))
        self._check_head(lines)
        self._checked = _Checked(tuple(lines), whole, hashlib.sha256(raw[:whole]).digest())
        return lines, whole

    def _line(self, text: bytes, before: Line) -> Line:
        try:
            told = json.loads(text)
            line = Line(told["seq"], told["record"], told["hash"])
            sound = told["previous"] == before.hash and line.seq == before.seq + 1
            sound = sound and line.hash == _seal(line.seq, before.hash, line.record)
        except (ValueError, KeyError, TypeError):
            sound = False
        if not sound:
            raise self._damaged(f"line {before.seq + 1} does not hold")
        return line

    def _check_head(self, lines: list[Line]) -> None:
        if not self._head.exists():
            if len(lines) > 1:
                raise self._damaged(f"{self._head.name} is missing")
            return
        head = json.loads(self._head.read_bytes())
        if len(lines) < head["seq"]:
            raise self._damaged(f"{head['seq'] - len(lines)} of its {head['seq']} lines are missing")
        if head["seq"] and lines[head["seq"] - 1].hash != head["hash"]:
            raise self._damaged(f"line {head['seq']} is not the one that was sealed")

    def _damaged(self, what: str) -> NeedsOperator:
        hint = f"Bring {self.path.parent} back from a backup: without its trials no verdict can be given."
        return NeedsOperator("ledger_damaged", f"The trial ledger {self.path}: {what}.", hint)

    def _write(self, text: bytes, sound_bytes: int) -> None:
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.ftruncate(handle, sound_bytes)
            try:
                written = os.pwrite(handle, text, sound_bytes)
                if written < len(text):
                    raise OSError(f"only {written} of {len(text)} bytes could be written")
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, sound_bytes)
                raise
        finally:
            os.close(handle)

    @contextmanager
    def _only_writer(self) -> Iterator[None]:
        with self.path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
            yield


def _seal(seq: int, previous: str, record: Mapping[str, Any]) -> str:
    text = json.dumps({"previous": previous, "record": record, "seq": seq}, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _text(line: Line, previous: str) -> bytes:
    told = {"previous": previous, "record": line.record, "seq": line.seq, "hash": line.hash}
    return json.dumps(told, sort_keys=True, allow_nan=False).encode() + b"\n"
