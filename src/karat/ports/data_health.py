"""Whether the stored data that a bot reads is known to be damaged: a question to whoever keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from karat.core.ids import MarketId


class DataHealth(Protocol):
    """Asked at each close of every bot under limits, so an answer must be cheap."""

    def wrong(self, market: MarketId, timeframe_ms: int, needs: Sequence[str]) -> str:
        """What is wrong with the bars, funding or declared series that a bot reads, in words; "" where nothing is known
        to be. That it cannot be found out is wrong too. Raises nothing."""
        ...
