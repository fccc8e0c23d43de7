"""The first bar that meets a level."""

from __future__ import annotations

from typing import Any

from karat.core.compiled import inlined
from karat.kernel.by_trade.ground import BLOCK, LARGE_BLOCK


@inlined
def quiet_until(track: Any, down: float, up: float, begin: int, end: int) -> int:
    """The first bar from `begin` on with a low under `down` or a high above `up`; `end` when none before it."""
    bar = begin
    while bar < end:
        if bar & 7 == 0:
            at = 4 * (bar >> 6)
            if bar & 63 == 0 and track.large_blocks[at] >= down and track.large_blocks[at + 1] <= up:
                bar += LARGE_BLOCK
                continue
            at = 4 * (bar >> 3)
            if track.blocks[at] >= down and track.blocks[at + 1] <= up:
                bar += BLOCK
                continue
        if track.low[bar] < down or track.high[bar] > up:
            return bar
        bar += 1
    return end
