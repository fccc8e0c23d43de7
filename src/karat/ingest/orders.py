"""What a download is asked for, how far it is, and what it brought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from karat.core.ids import MarketId
from karat.core.time import timeframe_text
from karat.ports.clock import Clock
from karat.ports.lake import Lake

Kind = Literal["candles", "mark", "funding"]


@dataclass(frozen=True, slots=True)
class Order:
    """What to download. `from_ms` None: from the first bar that is there, or that the vendor has. `to_ms` None: to now.

    `replace`: ask for everything again, and let the vendor win. `kind` mark are mark prices at `timeframe_ms`; funding
    has no timeframe. `ask_again`: ask also for what the vendor did not have when it was asked last. `if_any`: that the
    market has nothing of this kind is no failure.
    """

    market: MarketId
    timeframe_ms: int
    from_ms: int | None = None
    to_ms: int | None = None
    replace: bool = False
    kind: Kind = "candles"
    ask_again: bool = False
    if_any: bool = False

    @property
    def label(self) -> str:
        """Which series of the market: 1h, mark 1h, funding."""
        if self.kind == "funding":
            return self.kind
        timeframe = timeframe_text(self.timeframe_ms)
        return timeframe if self.kind == "candles" else f"{self.kind} {timeframe}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is: bars (of funding: hours) settled of those wanted, and for how long it has run."""

    order: Order
    settled: int
    wanted: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the lake holds after a download, and what it brought.

    `added` bars (of funding: stamps) lie outside what was there, `refilled` inside, `revised` are told otherwise than
    before. `gaps` and `missing` count stretches and bars that the vendor has not got either. `asked_ms` is when the
    vendor was last asked for all of them, `asked_again_ms` from when on the first is asked for again (None: no gaps).
    """

    rows: int
    first_ts: int
    last_ts: int
    added: int
    refilled: int
    revised: int
    gaps: int
    missing: int
    notes: tuple[str, ...] = ()
    asked_ms: int | None = None
    asked_again_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Where a download reads and writes. `told` hears of progress."""

    lake: Lake
    clock: Clock
    downloads: Path
    told: Callable[[Progress], None] = lambda _: None
