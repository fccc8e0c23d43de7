"""The first bar that meets a level."""

from __future__ import annotations

from typing import Any

from karat.core.compiled import inlined
from karat.kernel.by_trade.ground import BLOCK, LARGE_BLOCK
from karat.kernel.loop import NEVER_DOWN, NEVER_UP


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


@inlined
def remembered(track: Any, memo: Any, at: int, down: float, up: float, begin: int) -> int:
    """`quiet_until` to the last bar, searched once for all policies with this level."""
    met = int(memo[at])
    if met == 0:
        met = quiet_until(track, down, up, begin, track.bars)
        memo[at] = met
    return met


@inlined
def first_met(
    rules: Any, track: Any, stop_row: int, take_row: int, entry_bar: int, holding: Any, levels: Any, down: float,
    up: float, end: int,
) -> int:  # fmt: skip
    """`quiet_until` of a position just entered, from the memo where there is one.

    A memo knows stops and takes, not liquidations, which depend on leverage: it serves where the stop is nearer.
    """
    stop, side = levels.stop * rules.tick, holding.side
    nearer = levels.has_stop != 0 and side * (stop - holding.liquidation) > 0.0
    if track.entries == 0 or not (nearer or holding.liquidation != holding.liquidation):
        return quiet_until(track, down, up, entry_bar, end)
    place = track.place[entry_bar - rules.latency]
    met = end
    if levels.has_stop != 0:
        low, high = (down, NEVER_UP) if side > 0 else (NEVER_DOWN, up)
        at = stop_row * track.entries + place
        met = min(met, remembered(track, track.stops, at, low, high, entry_bar))
    if levels.has_take != 0:
        low, high = (NEVER_DOWN, up) if side > 0 else (down, NEVER_UP)
        at = take_row * track.entries + place
        met = min(met, remembered(track, track.takes, at, low, high, entry_bar))
    return met
