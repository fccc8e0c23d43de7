"""How every stream that was ever started on this machine stands, out of its record: for whoever asks how fresh data is.

A record is written every other second while its stream runs. One that is older than RECORD_SECONDS belongs to a process
that has ended: in order when it says `stopped`, else it was killed, which is shown as `died`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from karat.core.ids import MarketId
from karat.core.time import SECOND_MS
from karat.ingest.streams.records import streams_folder
from karat.ingest.streams.status import State
from karat.ingest.streams.supervisor import AGE_MAX_MS
from karat.ports.data_desk import Freshness
from karat.ports.stream import StreamKind

RECORD_SECONDS = 20  # ten reports: a busy disk may delay some
LATE_LIMITS = 3  # the watchdog cuts at one limit; connecting again takes a minute at most
DIED, UNREADABLE = "died", "unreadable"


@dataclass(frozen=True, slots=True)
class StreamStanding:
    """One stream. Counts are of its last run; times are UTC ms, 0 for never.

    `state` is a word of `State`, or `died`, or `unreadable` for a record that is damaged (then only `market` and `kind`
    are known, from its name). `age_ms`: how long ago it was last heard, the connection's own signs of life counting for
    kinds that may be silent for days; -1 when never. `limit_ms`: the age at which a running stream is cut.
    `last_ts` is the time of the last row, `trouble` the last thing that went wrong, "" when nothing did.
    """

    market: MarketId
    kind: str
    state: str
    freshness: Freshness
    running: bool
    age_ms: int
    limit_ms: int
    last_ts: int = 0
    rows: int = 0
    gaps: int = 0
    reconnects: int = 0
    written_ms: int = 0
    trouble: str = ""


def stream_statuses(now_ms: int, home: Path | None = None) -> tuple[StreamStanding, ...]:
    """Every stream that has a record under `home` (KARAT_HOME when left out), by market and kind, as of `now_ms`.

    Fresh: heard within its limit. Late: within three limits. Stale: longer ago, or refused by the venue for good.
    Unknown: never heard, or its record cannot be read; that raises nothing, so that one damaged file hides no other.
    """
    paths = sorted(streams_folder(home).glob("*.json"))
    return tuple(_standing(path, now_ms) for path in paths)


def _standing(path: Path, now_ms: int) -> StreamStanding:
    market, _, kind = path.stem.rpartition(".")
    limit_ms = AGE_MAX_MS.get(StreamKind(kind), 0) if kind in {one.value for one in StreamKind} else 0
    try:
        return _read(json.loads(path.read_text("utf-8")), limit_ms, now_ms)
    except (OSError, ValueError, KeyError, TypeError):
        trouble = f"The record {path.name} cannot be read. It is written anew when the stream is started."
        unknown = Freshness.UNKNOWN
        return StreamStanding(MarketId(market), kind, UNREADABLE, unknown, False, -1, limit_ms, trouble=trouble)


def _read(record: dict[str, Any], limit_ms: int, now_ms: int) -> StreamStanding:
    written_ms, state = int(record["written_ms"]), State(record["state"])
    ended = state is State.STOPPED
    running = not ended and now_ms - written_ms <= RECORD_SECONDS * SECOND_MS
    heard_ms = max(int(record["heard_ms"]), int(record["alive_ms"]))
    age_ms = max(0, now_ms - heard_ms) if heard_ms else -1
    return StreamStanding(
        market=MarketId(record["market"]),
        kind=record["kind"],
        state=state.value if running or ended else DIED,
        freshness=_freshness(age_ms, limit_ms, refused=bool(record["refused"])),
        running=running,
        age_ms=age_ms,
        limit_ms=limit_ms,
        last_ts=int(record["last_ts"]),
        rows=int(record["rows"]),
        gaps=int(record["gaps"]),
        reconnects=int(record["reconnects"]),
        written_ms=written_ms,
        trouble=record["storage"] or record["trouble"],
    )


def _freshness(age_ms: int, limit_ms: int, *, refused: bool) -> Freshness:
    if refused:
        return Freshness.STALE
    if age_ms < 0:
        return Freshness.UNKNOWN
    if age_ms <= limit_ms:
        return Freshness.FRESH
    return Freshness.LATE if age_ms <= LATE_LIMITS * limit_ms else Freshness.STALE
