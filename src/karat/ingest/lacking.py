"""What a vendor did not have when it was asked: asked for again after a pause that grows.

1. A stretch that was asked for and did not come is remembered with the time of asking, in a small file per series.
2. It is left alone for a day, then for a week, seven weeks, a year: each time seven times as long.
3. What comes in the end is forgotten; a stretch may shrink from run to run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from karat.core.ids import MarketId, symbol_of, venue_of
from karat.core.model.candles import Bools, Ints
from karat.core.time import DAY_MS
from karat.ingest.staging import telling_full_disk
from karat.lake.durable import replace_durably

FIRST_PAUSE_MS = DAY_MS
GROWTH = 7
PAUSE_MAX_MS = 365 * DAY_MS


class Lack(NamedTuple):
    """Nothing came of `[from_ms, to_ms)` when it was asked for `times` times, last at `asked_ms`."""

    from_ms: int
    to_ms: int
    asked_ms: int
    times: int

    @property
    def again_ms(self) -> int:
        """From when on it is asked for again."""
        pause_ms = FIRST_PAUSE_MS
        for _ in range(self.times - 1):
            pause_ms = min(GROWTH * pause_ms, PAUSE_MAX_MS)
        return self.asked_ms + pause_ms


class LackFile:
    """Remembers what a vendor lacks of one series, in a file beside its unfinished downloads."""

    def __init__(self, folder: Path, market: MarketId, label: str) -> None:
        self._path = folder / venue_of(market) / symbol_of(market) / f"{label.replace(' ', '-')}.lacking.json"

    def read(self) -> list[Lack]:
        """The stretches, by time. A file that cannot be read counts as none: the vendor is asked once more."""
        try:
            return [Lack(*(int(number) for number in row)) for row in json.loads(self._path.read_bytes())]
        except (FileNotFoundError, ValueError, TypeError):
            return []

    def write(self, lacks: list[Lack]) -> None:
        """Put these in the place of what was remembered. Raises RetryLater `disk_full`."""
        if not lacks:
            self._path.unlink(missing_ok=True)
            return
        with telling_full_disk(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_durably(self._path, json.dumps(lacks).encode())


def left_alone(ts: Ints, lacks: list[Lack], now_ms: int) -> Bools:
    """Which of these open times lie in a stretch whose pause has not passed. A clock that was turned back to before the
    asking ends the pause."""
    alone = np.zeros(len(ts), np.bool_)
    for lack in lacks:
        if lack.asked_ms <= now_ms < lack.again_ms:
            alone |= (ts >= lack.from_ms) & (ts < lack.to_ms)
    return alone


def remembered(
    missing: Ints, asked: Bools, step_ms: int, before: list[Lack], within: tuple[int, int], now_ms: int
) -> list[Lack]:
    """What to remember now, by time: of `missing` (open times, rising) those just `asked` count as asked once more, the
    others keep what is known of them. Stretches of `before` outside `within` stay as they are."""
    kept = [part for lack in before for part in _outside(lack, *within)]
    times = np.zeros(len(missing), np.int64)
    when = np.zeros(len(missing), np.int64)
    for lack in before:
        covered = slice(*np.searchsorted(missing, (lack.from_ms, lack.to_ms)))
        times[covered], when[covered] = lack.times, lack.asked_ms
    times[asked] += 1
    when[asked] = now_ms
    there = np.flatnonzero(times > 0)
    if not len(there):
        return sorted(kept)
    ts, times, when = missing[there], times[there], when[there]
    parted = np.flatnonzero((np.diff(ts) != step_ms) | (np.diff(times) != 0) | (np.diff(when) != 0)) + 1
    starts, ends = np.concatenate(([0], parted)), np.concatenate((parted, [len(ts)])) - 1
    found = [
        Lack(int(ts[first]), int(ts[last]) + step_ms, int(when[first]), int(times[first]))
        for first, last in zip(starts, ends, strict=True)
    ]
    return sorted((*kept, *found))


def _outside(lack: Lack, from_ms: int, to_ms: int) -> list[Lack]:
    parts = (lack._replace(to_ms=min(lack.to_ms, from_ms)), lack._replace(from_ms=max(lack.from_ms, to_ms)))
    return [part for part in parts if part.from_ms < part.to_ms]
