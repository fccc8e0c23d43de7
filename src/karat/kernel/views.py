"""What a bar shows to the steps: one record of numbers when it opens, one when it closes."""

from __future__ import annotations

from typing import NamedTuple


class Opening(NamedTuple):
    """What steps 1 to 8 read of a bar, and of the last one closed before it (rule 12)."""

    bar: int
    ts: int
    open: float
    high: float
    low: float
    funding_unit: float
    timeframe_ms: int
    last_close: float
    last_atr: float
    last_volume: float  # in units of quantity


class Closing(NamedTuple):
    """What a decision reads of its bar."""

    bar: int
    close: float
    volume: float
    volume_mean: float
    atr: float
    volatility: float
    funding_known: float
    minute: int
    code: int
    confidence: float
    stop: float
    take: float
    size_scale: float  # 1 when the strategy gives none
    leverage: float  # the policy's when the strategy gives none
    target: float
    min_confidence: float  # of the regime; NaN: regime unknown
    cooldown: int
