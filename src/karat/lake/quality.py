"""Measure the goodness of candles: holes, pauses, idle bars, the largest move, oddities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from karat.core.model.candles import CANDLE_COLUMNS, Candles, Floats, Ints
from karat.core.time import DAY_MS, iso
from karat.ports.lake import Hole, Quality

_HOLES_LISTED = 20
_LONG_PAUSE_MS = 10 * DAY_MS  # longer than any holiday closure of an exchange with sessions
_LARGE_MOVE = np.log(1.5)  # a move from close to close that a split or a bad print explains better than a market
_SPLIT_TOLERANCE = 0.1
_PAUSE, _IDLE = ": no bars for ", "no bar has any volume"


def find_holes(ts: Ints, timeframe_ms: int) -> list[Hole]:
    """Every place where bars are missing between the first and the last."""
    after = np.flatnonzero(np.diff(ts) > timeframe_ms)
    return [Hole(int(ts[i]) + timeframe_ms, int((ts[i + 1] - ts[i]) // timeframe_ms) - 1) for i in after]


def measure(candles: Candles, *, sessions: bool) -> Quality:
    """The quality of candles as they are, before anything a user accepted is added."""
    gaps = find_holes(candles.ts, candles.timeframe_ms)
    holes = [] if sessions else gaps
    move, move_bar = _largest_move(candles.close)
    return Quality(
        holes=len(holes),
        missing_bars=sum(hole.bars for hole in holes),
        longest_hole_bars=max((hole.bars for hole in holes), default=0),
        first_holes=tuple(holes[:_HOLES_LISTED]),
        session_gaps=len(gaps) if sessions else 0,
        zero_volume_bars=int(np.count_nonzero(candles.volume == 0.0)),
        largest_move=move,
        largest_move_ts=int(candles.ts[move_bar]),
        oddities=(*_split_like(candles), *_long_pauses(gaps, candles.timeframe_ms, sessions), *_no_volume(candles)),
    )


def extended(before: Quality, last: Candles, added: Candles, *, sessions: bool) -> Quality:
    """The quality of a series after bars were added to it: what `measure` says of the whole, at the cost of the bars.

    `last` is the last bar before them. What was accepted, repaired and read stays.
    """
    columns = {name: np.concatenate((getattr(last, name), getattr(added, name))) for name in CANDLE_COLUMNS}
    new = measure(Candles(added.market, added.timeframe_ms, **columns), sessions=sessions)
    idle = new.zero_volume_bars - int(last.volume[0] == 0.0)
    moved = new.largest_move > before.largest_move
    return replace(
        before,
        holes=before.holes + new.holes,
        missing_bars=before.missing_bars + new.missing_bars,
        longest_hole_bars=max(before.longest_hole_bars, new.longest_hole_bars),
        first_holes=(*before.first_holes, *new.first_holes)[:_HOLES_LISTED],
        session_gaps=before.session_gaps + new.session_gaps,
        zero_volume_bars=before.zero_volume_bars + idle,
        largest_move=new.largest_move if moved else before.largest_move,
        largest_move_ts=new.largest_move_ts if moved else before.largest_move_ts,
        oddities=_oddities_of_both(before.oddities, new.oddities),
    )


def _oddities_of_both(before: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """As `measure` lists them: each kind for itself, no more than so many of each; no volume only when in neither."""
    pauses, told = (*_of_kind(before, _PAUSE), *_of_kind(new, _PAUSE)), (*before, *new)
    others = tuple(one for one in told if _PAUSE not in one and one != _IDLE)
    idle = (_IDLE,) if _IDLE in before and _IDLE in new else ()
    return (*others[:_HOLES_LISTED], *pauses[:_HOLES_LISTED], *idle)


def _of_kind(oddities: tuple[str, ...], words: str) -> tuple[str, ...]:
    return tuple(one for one in oddities if words in one)


def _largest_move(close: Floats) -> tuple[float, int]:
    if len(close) < 2:
        return 0.0, 0
    moves = np.abs(np.diff(np.log(close)))
    bar = int(np.argmax(moves))
    return float(moves[bar]), bar + 1


def _split_like(candles: Candles) -> tuple[str, ...]:
    """Opens that differ from the close before by about a whole factor: unadjusted splits, or bad prints."""
    jumps = np.log(candles.open[1:] / candles.close[:-1])
    soon = np.diff(candles.ts) <= _LONG_PAUSE_MS  # after a longer pause any price may be an honest one
    found: list[str] = []
    for bar in np.flatnonzero((np.abs(jumps) > _LARGE_MOVE) & soon)[:_HOLES_LISTED]:
        ratio, factor = float(np.exp(jumps[bar])), float(np.exp(np.abs(jumps[bar])))
        kind = f"like a split 1:{round(factor)}" if abs(factor - round(factor)) < _SPLIT_TOLERANCE * factor else "jump"
        found.append(f"{iso(int(candles.ts[bar + 1]))}: open is {ratio:.4g} times the close before ({kind})")
    return tuple(found)


def _long_pauses(gaps: list[Hole], timeframe_ms: int, sessions: bool) -> tuple[str, ...]:
    if not sessions:
        return ()
    long = [gap for gap in gaps if gap.bars * timeframe_ms > _LONG_PAUSE_MS]
    return tuple(f"{iso(gap.ts)}{_PAUSE}{gap.bars * timeframe_ms // DAY_MS} days" for gap in long[:_HOLES_LISTED])


def _no_volume(candles: Candles) -> tuple[str, ...]:
    return () if candles.volume.any() else (_IDLE,)
