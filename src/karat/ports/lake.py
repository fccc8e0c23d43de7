"""The lake as the floors above see it: market data in columns, read without copying, changed all at once.

A market is `venue:SYMBOL`. A series is one market at one timeframe. All times are UTC epoch milliseconds; a bar is
named by its open time. Readers get read-only arrays. A change (`Lake.change`) is seen completely or not at all.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Funding
from karat.core.model.table import Schema, Table, TableName


@dataclass(frozen=True, slots=True)
class Hole:
    """Bars that are not there: `ts` is the open time of the first missing bar, `bars` how many are missing."""

    ts: int
    bars: int


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known about the goodness of a series, recorded when it was imported.

    A hole is a place where bars are missing; in a resampled series also a bucket built from too few bars. Markets with
    sessions (equities) close at night: their pauses are counted in `session_gaps`, not as holes. `largest_move` is the
    largest absolute log return from close to close, at `largest_move_ts`. `accepted` names the defects the user
    accepted, `repairs` what was done about them, `oddities` what looks strange but is allowed, `sources` where the bars
    came from. `first_holes` lists at most twenty.
    """

    holes: int = 0
    missing_bars: int = 0
    longest_hole_bars: int = 0
    first_holes: tuple[Hole, ...] = ()
    session_gaps: int = 0
    zero_volume_bars: int = 0
    largest_move: float = 0.0
    largest_move_ts: int = 0
    accepted: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    simulated: bool = False

    @property
    def grade(self) -> str:
        """One word: `simulated`, `repaired`, `holes`, `odd` or `clean`, the first that holds."""
        if self.simulated:
            return "simulated"
        if self.repairs:
            return "repaired"
        if self.holes:
            return "holes"
        return "odd" if self.oddities else "clean"


@dataclass(frozen=True, slots=True)
class LakeEntry:
    """One series of candles. `last_ts` is the open time of the last bar; `hash` names the exact content.

    `anchor_ts` (the market's first bar when it was first registered) and `vault_start_ts` (the first bar of the last
    fifth at that moment) belong to the market and never move. `sessions` marks markets that close at night.
    `has_funding` and `has_mark` hold for those in quarantine too, so that nobody goes on without them unawares.
    `resampled_from_ms` is the timeframe the bars were built from, None when they are stored as they came.
    """

    market: MarketId
    timeframe_ms: int
    first_ts: int
    last_ts: int
    rows: int
    holes: int
    quality: Quality
    hash: str
    anchor_ts: int
    vault_start_ts: int
    sessions: bool
    has_funding: bool
    has_mark: bool
    resampled_from_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One stored table. `first` and `last` are of its order column, `written_at_ms` when rows were last added."""

    name: TableName
    schema: Schema
    first: int
    last: int
    rows: int
    hash: str
    written_at_ms: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A series that was found damaged and set aside until it is mended: nothing of it is served, nothing was deleted.

    `why` says what is wrong with it, `found_at_ms` when that was seen, `folder` where its files lie. `rows`, `first`
    and `last` (of its order column) are as they were written; None where that can no longer be read.
    """

    name: TableName
    why: str
    found_at_ms: int
    folder: Path
    rows: int | None
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of a quarantined series: `rows` are served again, `lost` had been written behind them.

    `rows` 0: nothing of it could be proven, and it stays in quarantine. `lost` None: nobody knows how many there were.
    """

    name: TableName
    rows: int
    lost: int | None


class LakeChange(Protocol):
    """A set of changes that becomes visible at once when its context ends well, and never when it does not.

    A series in quarantine is neither read nor added to (NeedsOperator `series_quarantined`); what is put in its place
    mends it. One that is found damaged here goes there at once, whatever becomes of the change.
    """

    def quarantined(self, name: TableName) -> Quarantined | None:
        """Whether a series is in quarantine, after a look at its files."""
        ...

    def candles(self, market: MarketId, timeframe_ms: int) -> Candles | None:
        """The candles as this change would leave them, or None."""
        ...

    def quality(self, market: MarketId, timeframe_ms: int) -> Quality | None:
        """The quality recorded with those candles, or None."""
        ...

    def sessions(self, market: MarketId) -> bool | None:
        """Whether the market has sessions; None when it, and every other market of its venue, is unknown."""
        ...

    def mark(self, market: MarketId, timeframe_ms: int) -> Candles | None:
        """The mark price bars as this change would leave them, or None."""
        ...

    def funding(self, market: MarketId) -> Funding | None:
        """The funding stamps as this change would leave them, or None."""
        ...

    def put_candles(self, candles: Candles, quality: Quality, *, sessions: bool = False) -> str:
        """Put candles in the place of that market and timeframe. Returns the content hash."""
        ...

    def append_candles(self, candles: Candles, *, sessions: bool = False) -> None:
        """Add bars after the last of that market and timeframe, or begin it. Costs what the bars cost.

        The quality grows with them as if the whole were measured anew. Raises InputError `rows_not_in_order`.
        """
        ...

    def put_mark(self, candles: Candles, quality: Quality) -> str:
        """Put mark price bars in the place of that market and timeframe. Returns the content hash."""
        ...

    def put_funding(self, market: MarketId, funding: Funding, quality: Quality) -> str:
        """Put funding stamps in the place of that market; its mark prices are not kept. Returns the content hash."""
        ...

    def table(self, name: TableName) -> Table | None:
        """The table as this change would leave it, or None."""
        ...

    def append(self, name: TableName, rows: Table, notes: tuple[str, ...] = ()) -> None:
        """Add rows after the last of the table, or begin it. Costs what the rows cost, not what the table holds.

        Raises InputError `rows_not_in_order` when the order column falls, within the rows or from the last row to
        them, `schema_differs` when the table has other columns.
        """
        ...

    def put_table(self, name: TableName, table: Table, notes: tuple[str, ...] = ()) -> None:
        """Put a table in the place of that name."""
        ...


class Lake(Protocol):
    """Market data of this machine.

    Unknown requests raise InputError: `market_not_in_lake`, `timeframe_not_in_lake`, `timeframe_not_possible`,
    `range_without_data`, each with a hint that names what there is.

    A series that is found damaged is set aside, and all others go on: NeedsOperator `series_quarantined`, or
    `lake_damaged` where it cannot be set aside (the lake is read-only, or another process changes it).
    """

    def list(self) -> tuple[LakeEntry, ...]:
        """Every stored series of candles, by market and timeframe."""
        ...

    def has(self, market: MarketId, timeframe_ms: int) -> bool:
        """Whether `candles` would give something, stored or resampled."""
        ...

    def entry(self, market: MarketId, timeframe_ms: int) -> LakeEntry:
        """What is known about a series, stored or resampled."""
        ...

    def candles(self, market: MarketId, timeframe_ms: int) -> Candles:
        """All bars: memory-mapped when stored, resampled from the coarsest stored timeframe that divides when not."""
        ...

    def candles_between(
        self, market: MarketId, timeframe_ms: int, from_ms: int | None = None, to_ms: int | None = None
    ) -> Candles:
        """The bars with `from_ms <= ts < to_ms`; None leaves that end open. Stored bars are not copied."""
        ...

    def funding(self, market: MarketId) -> Funding:
        """Funding stamps with the mark price of the bar that opens at the stamp (NaN: none); empty when none stored."""
        ...

    def mark(self, market: MarketId, timeframe_ms: int) -> Candles | None:
        """Stored mark price bars (volume 0), or None."""
        ...

    def beside_candles(self) -> tuple[TableEntry, ...]:
        """Stored funding and mark prices, by name, without a look at their rows: kind `funding` or `mark`, owner the
        market, variant the timeframe."""
        ...

    def tables(self) -> tuple[TableEntry, ...]:
        """Every stored table, by name, without a look at its rows."""
        ...

    def table(self, name: TableName, begin: int | None = None, end: int | None = None) -> Table:
        """The rows with `begin <= order < end`, memory-mapped; None leaves that end open.

        Raises InputError `table_not_in_lake` with a hint that names what there is.
        """
        ...

    def quarantined(self) -> tuple[Quarantined, ...]:
        """Every series that was found damaged and is not mended yet, by name; none is in `list` or `tables`."""
        ...

    def prove(self, owner: str | None = None) -> tuple[Quarantined, ...]:
        """Compare every row of every series (of one market or source) with the hash it was written under.

        What differs is set aside; returns what was found so. Costs a pass over the rows, and holds up no change.
        """
        ...

    def repair(self, owner: str | None = None) -> tuple[Repaired, ...]:
        """Serve again what can be proven of quarantined series: all of it, or its first whole blocks of 65,536 rows.

        What is kept says so in its quality or notes. The damaged files stay where they are.
        """
        ...

    def change(self, wait_seconds: float = 0.0) -> AbstractContextManager[LakeChange]:
        """Begin a change. Raises RetryLater `lake_busy` while another process, or thread, still changes the lake after
        `wait_seconds`."""
        ...
