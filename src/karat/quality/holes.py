"""Missing bars, and whether the venue itself was down.

A bar is missing at a time when it should be there (`coverage.missing_spans`). If no other symbol of the same venue has
a bar at that time although its series runs before and after, the venue was down. If one has, the hole is ours. With no
other symbol to ask nobody can tell.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from karat.core.model.candles import Bools, Candles, Ints
from karat.core.time import HOUR_MS, iso
from karat.quality.coverage import Missing, missing_spans
from karat.quality.findings import Finding, runs_of

ALONE = "no other symbol of the venue was asked, so nobody can tell whether it was down"


def hole_findings(candles: Candles, peers: Sequence[Candles] = (), *, sessions: bool) -> list[Finding]:
    """Holes, each told apart by what other symbols of the venue (`peers`, any timeframe that divides) had then."""
    gaps = missing_spans(candles, sessions=sessions)
    if sessions:
        known = [Finding("hole", gap.from_ms, gap.to_ms, gap.bars, _words(gap, "")) for gap in gaps]
        return [*known, *_closed_for_us_only(candles, peers)]
    found: list[Finding] = []
    for gap in gaps:
        stamps = np.arange(gap.from_ms, gap.to_ms, candles.timeframe_ms)
        alive, present = _presence(stamps, candles.timeframe_ms, peers)
        found += _told_apart(stamps, candles.timeframe_ms, alive, present)
    return found


def _presence(stamps: Ints, length: int, peers: Sequence[Candles]) -> tuple[Bools, Bools]:
    """For each stamp whether some peer's series runs over it, and whether some peer has a bar inside it."""
    alive, present = np.zeros(len(stamps), np.bool_), np.zeros(len(stamps), np.bool_)
    for peer in peers:
        alive |= (stamps >= peer.ts[0]) & (stamps <= peer.ts[-1])
        present |= np.searchsorted(peer.ts, stamps) < np.searchsorted(peer.ts, stamps + length)
    return alive, present


def _told_apart(stamps: Ints, length: int, alive: Bools, present: Bools) -> list[Finding]:
    """Parts of one gap, by what the peers say of it."""
    found: list[Finding] = []
    kinds = np.where(present, 0, np.where(alive, 1, 2))
    told = (
        ("hole", "other symbols of the venue have bars then"),
        ("venue_down", "no symbol of the venue has a bar then"),
        ("hole_unexplained", ALONE),
    )
    for kind, (name, text) in enumerate(told):
        for start, stop in runs_of(kinds == kind):
            gap = Missing(int(stamps[start]), int(stamps[stop - 1]) + length, stop - start)
            found.append(Finding(name, gap.from_ms, gap.to_ms, gap.bars, _words(gap, text)))
    return sorted(found, key=lambda one: one.from_ms)


def _closed_for_us_only(candles: Candles, peers: Sequence[Candles]) -> list[Finding]:
    """Bars that every other symbol of a market with sessions has and this one lacks. Not below an hour, where a quiet
    symbol honestly has no bar in every minute."""
    others = [peer for peer in peers if peer.timeframe_ms == candles.timeframe_ms]
    if not others or candles.timeframe_ms < HOUR_MS:
        return []
    first, last = int(candles.ts[0]), int(candles.ts[-1])
    stamps = np.unique(np.concatenate([peer.ts for peer in others]))
    stamps = stamps[(stamps > first) & (stamps < last)]
    unanimous = np.ones(len(stamps), np.bool_)
    for peer in others:
        runs = (stamps >= peer.ts[0]) & (stamps <= peer.ts[-1])
        unanimous &= ~runs | np.isin(stamps, peer.ts)
    absent = stamps[unanimous & ~np.isin(stamps, candles.ts)]
    text = "every other symbol of the venue has this bar"
    gaps = [Missing(int(ts), int(ts) + candles.timeframe_ms, 1) for ts in absent]
    return [Finding("hole", gap.from_ms, gap.to_ms, gap.bars, _words(gap, text)) for gap in gaps]


def _words(gap: Missing, why: str) -> str:
    bars = "1 bar is missing" if gap.bars == 1 else f"{gap.bars:,} bars are missing"
    return f"{iso(gap.from_ms)}: {bars}" + (f"; {why}" if why else "")
