"""A source: one table of a vendor, asked on a schedule. What feeds are made of, candles apart.

A source only fetches and parses. When a value became known, what of an answer is new, and what is stored, is decided by
whoever asks (`karat.ingest.data_sync`), the same way for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from karat.core.model.source_state import DataState
from karat.core.model.table import Schema, TableName

Observations = Mapping[str, Sequence[Any]]  # columns of one length: those of the schema but `available_at`


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """What a source is, as data.

    It is asked once in each period of `every_ms`, counted from 1970. Its newest value may be `fresh_for_ms` old. A row
    is about the `covers_ms` from its time on (0: about a moment) and, where the time of its arrival was not seen, known
    `delay_ms` after it. `keys` tell rows of one time apart. `documentation` is the page that the request and the answer
    follow; `verified` says whether that page is the vendor's own and was read.
    """

    name: str  # vendor/series, or vendor/series/MARKET
    table: TableName
    schema: Schema
    keys: tuple[str, ...]
    every_ms: int
    fresh_for_ms: int
    covers_ms: int
    delay_ms: int
    documentation: str
    verified: bool


class Source(Protocol):
    """One table of a vendor."""

    @property
    def spec(self) -> SourceSpec: ...

    async def fetch(self, now_ms: int, since_ms: int | None) -> Observations:
        """Rows since `since_ms` (the time of the newest one that is stored, None when there is none) or more, in any
        order.

        Raises RetryLater `vendor_busy`, `vendor_down` or `vendor_garbage`, NeedsOperator `key_missing` or
        `key_refused`.
        """
        ...


class KeepsCurrent(Protocol):
    """Brings all sources up to date before a decision; `karat.ingest.data_sync.DataSync` for bots and doors."""

    async def sync(self, *, all_now: bool = False) -> DataState:
        """Ask what is due, or everything with `all_now`, and say how all data stands."""
        ...


class CandleSource(Protocol):
    """Candles of one market, which every decision needs."""

    @property
    def name(self) -> str: ...

    @property
    def timeframe_ms(self) -> int: ...

    async def bring(self, now_ms: int) -> None:
        """Bring the lake up to the newest closed bar. Raises RetryLater or NeedsOperator."""
        ...

    def newest(self) -> int | None:
        """The open time of the newest bar in the lake, None when there is none."""
        ...
