"""What is traded: kind, grid, fees and margin of one instrument."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from karat.core.ids import MarketId


class Kind(IntEnum):
    """How an instrument settles. An equity trades like spot; its days are sessions."""

    LINEAR = 0
    INVERSE = 1
    SPOT = 2
    EQUITY = 3


@dataclass(frozen=True, slots=True)
class Instrument:
    """Grid, fees and margin of one instrument. Rates are fractions, prices and notionals in quote units.

    `contract_size` is base units per contract (linear, spot) or quote units per contract (inverse); quantities count
    contracts. `maintenance_margin_rate` is 0 where the venue lends nothing. `assumed` is True when tick, lot, fees or
    margin were inferred instead of known; every report says so.
    """

    market: MarketId
    kind: Kind
    base: str
    quote: str
    settle: str
    tick: float
    lot: float
    min_quantity: float
    min_notional: float
    contract_size: float
    maker_fee: float
    taker_fee: float
    maintenance_margin_rate: float
    source: str
    as_of: str  # ISO date on which the source said so
    assumed: bool
