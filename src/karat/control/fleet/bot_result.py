"""What came of one bot of a fleet, a leg of a pair or one that stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from karat.core.model.candles import Floats
from karat.ports.journal import BotRecord, FillRecord, TradeRecord


@dataclass(frozen=True, slots=True, eq=False)
class BotResult:
    """One bot. `equity` and `notional` (signed, money) are on the fleet's clock; `refusals` counts bars by the first
    "no" of the kernel or the gates, `first_noes` the times at which a gate began to say no, by gate."""

    record: BotRecord
    share: float
    equity: Floats
    notional: Floats
    fills: tuple[FillRecord, ...]
    trades: tuple[TradeRecord, ...]
    refusals: Mapping[str, int]
    first_noes: Mapping[str, int]
