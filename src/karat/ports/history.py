"""Past candles of a vendor, and of perpetuals what goes with them: one Protocol for exchanges, brokers and archives.

Failures are sorted at the vendor's edge. InputError: asking again will not help (`symbol_unknown`, `timeframe_unknown`,
`key_missing`, `key_refused`, `vendor_refused`, `package_missing`). RetryLater: it may (`vendor_down`, `vendor_limit`,
`vendor_garbled`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from karat.core.instruments.listings import Seen
from karat.core.model.candles import Floats, Ints
from karat.core.model.instrument import Kind

VALUES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """What a vendor answered when asked for the bars with `from_ms <= ts < to_ms`.

    `ts` int64 open times, `values` float64 of shape (bars, 5): open, high, low, close, volume in base units. Nothing is
    promised: bars may come in any order, twice, from outside the range, or be the forming one. `to_ms` may be less than
    was asked for, where the vendor answers in shorter stretches.
    """

    from_ms: int
    to_ms: int
    ts: Ints
    values: Floats


@dataclass(frozen=True, slots=True)
class Action:
    """A split or a dividend of an equity. `ts` is midnight UTC of the ex-date.

    `kind` split: `value` new shares for one old. `kind` dividend: `value` in the currency of the price, per share as
    they were on that day.
    """

    ts: int
    kind: str
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class FundingPage:
    """Funding rates that a vendor gave: `ts` int64 settlement times as it stamps them, UTC ms, and `rate` float64, the
    fraction of the notional that longs pay at that stamp. Nothing is promised, as of `Page`; an answer that is full
    leaves rates of the range out, at its beginning or its end."""

    to_ms: int
    ts: Ints
    rate: Floats


class Perpetuals(Protocol):
    """What a venue has of its perpetuals beside candles. `mark` are bars of mark prices (volume 0), None where the
    venue has no history of them; `funding_kept_ms` how far back its funding reaches, None: to the listing."""

    @property
    def mark(self) -> History | None: ...

    @property
    def funding_kept_ms(self) -> int | None: ...

    async def pays_funding(self, symbol: str) -> bool:
        """Whether the market is a perpetual; a future that expires pays none. Raises `symbol_unknown`."""
        ...

    async def funding(self, symbol: str, from_ms: int, to_ms: int) -> FundingPage:
        """Ask once for the rates settled at `from_ms <= ts < to_ms`: as many as one answer holds, from either end."""
        ...


class History(Protocol):
    """Past candles of one venue."""

    @property
    def venue(self) -> str: ...

    @property
    def source(self) -> str:
        """Where the bars come from, for the record: "Binance through ccxt"."""
        ...

    @property
    def calendar(self) -> str | None:
        """The exchange whose sessions the bars keep (XNYS), or None for a market that never closes."""
        ...

    @property
    def perpetuals(self) -> Perpetuals | None:
        """What the venue has of perpetuals beside candles; None for a venue without perpetuals."""
        ...

    def page_bars(self, timeframe_ms: int) -> int:
        """How many bars one answer can hold. Raises InputError `timeframe_unknown`."""
        ...

    async def now_ms(self) -> int:
        """The vendor's own clock, UTC ms: it alone decides whether a bar has closed."""
        ...

    async def first_ms(self, symbol: str, timeframe_ms: int) -> int | None:
        """No bar can be had from before this time; None when the vendor does not say. Raises `symbol_unknown`."""
        ...

    async def page(self, symbol: str, timeframe_ms: int, from_ms: int, to_ms: int) -> Page:
        """Ask once for bars."""
        ...

    async def actions(self, symbol: str, from_ms: int, to_ms: int) -> tuple[Action, ...]:
        """Splits and dividends with `from_ms <= ts < to_ms`; empty where there are none."""
        ...

    async def listed(self, at_ms: int) -> Mapping[Kind, Mapping[str, Seen]]:
        """The whole list of what is traded now, by kind and symbol, what has ended with its date where that is told;
        empty where the vendor has no such list. `at_ms` is the time of asking."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
