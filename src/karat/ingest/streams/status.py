"""How every stream stands: for people who watch, and for whoever looks later."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from karat.core.ids import MarketId
from karat.ports.stream import StreamKind


class State(StrEnum):
    """Where a stream is.

    `connecting` until the first word of the venue; `snapshot` while what was there before is joined to what comes;
    `backfilling` while something missing is asked for; `live`; `stale` when nothing came for too long; `down` while it
    waits before it connects again; `stopped`.
    """

    CONNECTING = "connecting"
    SNAPSHOT = "snapshot"
    LIVE = "live"
    BACKFILLING = "backfilling"
    STALE = "stale"
    DOWN = "down"
    STOPPED = "stopped"


@dataclass(slots=True)
class StreamStatus:
    """One stream. Counts are of this run; times are UTC ms, 0 for never.

    `heard_ms`: when something last came; `alive_ms`: when the connection of a kind that may be silent for days last
    showed that it lives. `rows` were released for the lake, `waiting_rows` of them are not in it yet. `lifted` rows
    came with a time before that of the row before them and were stored at that row's time. `pauses` counts how often
    the lake was too slow and the stream had to wait. `trouble` is the last thing that went wrong, `storage` why the
    lake takes no rows just now; `refused`: the venue refused the stream for good.
    Of trades that bars are built from: `bars` stored, `cut_bars` that are not whole, `unlike` candles of the lake that
    differ from them and stay, `bar_trouble` why no more are built.
    """

    market: MarketId
    kind: StreamKind
    state: State = State.CONNECTING
    since_ms: int = 0
    heard_ms: int = 0
    alive_ms: int = 0
    last_ts: int = 0
    rows: int = 0
    backfilled: int = 0
    duplicates: int = 0
    lifted: int = 0
    gaps: int = 0
    reconnects: int = 0
    rebuilds: int = 0
    pauses: int = 0
    waiting_rows: int = 0
    bars: int = 0
    cut_bars: int = 0
    unlike: int = 0
    bar_trouble: str = ""
    trouble: str = ""
    storage: str = ""
    refused: bool = False

    def enter(self, state: State, now_ms: int) -> None:
        """Note a new state."""
        if state is not self.state:
            self.state, self.since_ms = state, now_ms

    def as_json(self) -> dict[str, Any]:
        """The record of it; `standing` reads it."""
        return asdict(self)
