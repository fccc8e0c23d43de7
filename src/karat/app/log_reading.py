"""Reading the logs back: all files of all processes in the order of time, and what is added to them."""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Line = dict[str, Any]
Wanted = Callable[[Line], bool]
_BYTES_AT_ONCE = 2**20
_NAME = re.compile(r"(.+)\.log(?:\.(\d+))?")


def lines_of(folder: Path) -> Iterator[Line]:
    """Every line that can be read, oldest first. Files are read side by side, never whole."""
    return heapq.merge(*map(_lines, _files(folder)), key=lambda line: line["ts"])


def wanted(bot: str | None, order: str | None, level: str | None, levels: tuple[str, ...]) -> Wanted:
    """What a line must be: of this bot, of this order (or the intent it came from), of this level or a graver one."""
    graver = levels if level is None else levels[levels.index(level) :]

    def is_wanted(line: Line) -> bool:
        return (
            (bot is None or line.get("bot") == bot)
            and (order is None or order in (line.get("order"), line.get("intent")))
            and (level is None or line["level"] in (*graver, "critical"))
        )

    return is_wanted


class Tail:
    """What is added after now. A file that is renamed keeps its place; a new one is read from its beginning."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[int, int] = {}
        for path in _files(folder):
            told = path.stat()
            self._read[told.st_ino] = told.st_size

    def more(self) -> list[Line]:
        """The whole lines that have come since the last look, oldest first."""
        found: list[Line] = []
        there: dict[int, int] = {}
        for path in _files(self._folder):
            with path.open("rb") as file:
                number = path.stat().st_ino
                begin = self._read.get(number, 0)
                file.seek(begin)
                raw = file.read(_BYTES_AT_ONCE)
                whole = raw[: raw.rfind(b"\n") + 1]
                there[number] = begin + len(whole)
                found += filter(None, map(_line, whole.splitlines()))
        self._read = there
        return sorted(found, key=lambda line: line["ts"])


def _files(folder: Path) -> list[Path]:
    """Logs, each behind those of its name that were rotated away, the oldest first."""
    found = [(path, _NAME.fullmatch(path.name)) for path in folder.glob("*.log*")]
    chosen = [(name[1], -int(name[2] or 0), path) for path, name in found if name and path.is_file()]
    return [path for _, _, path in sorted(chosen)]


def _lines(path: Path) -> Iterator[Line]:
    try:
        with path.open("rb") as file:
            yield from filter(None, map(_line, file))
    except FileNotFoundError:  # rotated away meanwhile
        return


def _line(raw: bytes) -> Line | None:
    """None for what is no whole line: the end of a log whose process was killed."""
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    known = isinstance(line, dict) and all(isinstance(line.get(name), str) for name in ("ts", "level", "room", "event"))
    return line if known else None
