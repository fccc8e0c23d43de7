"""The first bar that meets a level."""

from __future__ import annotations

from typing import Any

from karat.core.compiled import inlined
from karat.kernel.by_trade.ground import BLOCK, LARGE_BLOCK
from karat.kernel.features import SIMPLE
from karat.kernel.fills import distance_of_stop, protection
from karat.kernel.loop import NEVER_DOWN, NEVER_UP, watch
from karat.kernel.records import Trade

NO_TRADE = Trade(-1, -1, -1, 0.0, 0.0, 0, 0, 0.0, 0.0, 0.0, 0.0)
NO_MARGIN = SIMPLE._replace(margin=None)


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
def memo_serves(rules: Any, track: Any, holding: Any, stop: float) -> bool:
    """A memo knows stops and takes, not liquidations, which depend on leverage: it serves where the stop is nearer."""
    if track.entries == 0:
        return False
    liquidation = holding.liquidation
    distance = distance_of_stop(rules, holding.average, stop)
    # Two ticks, so that no rounding of the stop makes it the farther one.
    nearer = holding.side * (holding.average - liquidation) - distance > 2.0 * rules.tick
    return nearer or liquidation != liquidation


@inlined
def reach_of(
    rules: Any, track: Any, stop_row: int, take_row: int, entry_bar: int, holding: Any, stop: float, take: float
) -> int:
    """The first bar, up to the last, that meets a level of a position just entered; from the memo, or into it."""
    place = track.place[entry_bar - rules.latency]
    reach, side = track.bars, holding.side
    stop_at, take_at = stop_row * track.entries + place, take_row * track.entries + place
    stops_at, takes_at = int(track.stops[stop_at]), int(track.takes[take_at])
    if stops_at == 0 or takes_at == 0:
        levels = protection(rules, side, holding.average, stop, take)
        _units, down, up, _mask = watch(rules, NO_MARGIN, holding, levels, NO_TRADE)
        losing_down, losing_up = (down, NEVER_UP) if side > 0 else (NEVER_DOWN, up)
        winning_down, winning_up = (NEVER_DOWN, up) if side > 0 else (down, NEVER_UP)
        stops_at = quiet_until(track, losing_down, losing_up, entry_bar, track.bars)
        takes_at = quiet_until(track, winning_down, winning_up, entry_bar, track.bars)
        track.stops[stop_at] = stops_at
        track.takes[take_at] = takes_at
    return min(reach, min(stops_at, takes_at))
