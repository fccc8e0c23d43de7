"""All checks of one series in their order.

Checks of prices need prices: where a bar has an impossible one, or stamps repeat or go back, the series is first
reduced to its sound bars, so that one defect is found once and under its own name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.time import grid_origin_ms
from karat.quality.findings import Finding
from karat.quality.form import form_findings
from karat.quality.holes import hole_findings
from karat.quality.jumps import jump_findings
from karat.quality.others import venue_findings
from karat.quality.splits import known_splits, level_findings
from karat.quality.stale import stale_findings
from karat.quality.timeframes import Built, timeframe_findings
from karat.quality.units import unit_findings, volume_shift_findings


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What a series may be compared with. `peers`: other symbols of its venue, any timeframe. `elsewhere`: its own bars
    and those of the same asset at another venue, both at the finest timeframe both have. `finer`: what its own finer
    bars add up to."""

    peers: Sequence[Candles] = ()
    elsewhere: Sequence[tuple[Candles, Candles]] = ()
    finer: Sequence[Built] = ()


ALONE = Surroundings()
_UNSEEN = ("hole", "hole_unexplained", "venue_down", "stale_run")


def own_findings(candles: Candles, *, sessions: bool) -> tuple[Finding, ...]:
    """What the bars say by themselves: no other series is asked. The same bars give the same findings everywhere, so a
    result can carry the score of its bars whatever else the lake holds."""
    return all_findings(candles, ALONE, sessions=sessions)


def all_findings(
    candles: Candles, around: Surroundings, *, sessions: bool, adjusted: Candles | None = None
) -> tuple[Finding, ...]:
    """Every finding of a series among its surroundings, by time. `adjusted` are the same bars with known splits and
    dividends accounted for: what is a change of level there is one that nobody has explained."""
    found = form_findings(candles)
    candles = sound(candles)
    levels = candles if adjusted is None else sound(adjusted)
    if len(candles) < 2:
        return tuple(found)
    unseen = hole_findings(candles, around.peers, sessions=sessions) + stale_findings(candles)
    caught_up = {one.to_ms for one in unseen if one.name in _UNSEEN}  # the step after it is what was not seen
    found += unseen
    changes = level_findings(levels, sessions=sessions)
    if adjusted is not None:
        changes += known_splits(level_findings(candles, sessions=sessions), changes)
    found += [one for one in changes if one.from_ms not in caught_up]
    found += jump_findings(levels, (*around.peers, *(other for _, other in around.elsewhere)))
    found += volume_shift_findings(levels)
    found += _units_beside(around)
    for own, other in around.elsewhere:
        found += venue_findings(own, other)
    found += timeframe_findings(candles, around.finer)
    return tuple(sorted(found, key=lambda one: (one.from_ms, one.name)))


def _units_beside(around: Surroundings) -> list[Finding]:
    """One finding per kind, from the venue that shares most bars: three venues that agree are one defect."""
    found = [finding for own, other in around.elsewhere for finding in unit_findings(own, other)]
    found.sort(key=lambda one: -one.bars)
    return list({one.name: one for one in reversed(found)}.values())


def sound(candles: Candles) -> Candles:
    """The bars with positive prices, volume of zero or more, on the grid, each time once, in order of time."""
    values = np.array([candles.open, candles.high, candles.low, candles.close])
    good = (np.isfinite(values) & (values > 0)).all(axis=0) & (candles.volume >= 0)
    good &= (candles.ts - grid_origin_ms(candles.timeframe_ms)) % candles.timeframe_ms == 0
    if good.all() and (np.diff(candles.ts) > 0).all():
        return candles
    kept = np.flatnonzero(good)
    _, first = np.unique(candles.ts[kept], return_index=True)
    kept = kept[first]
    return Candles(candles.market, candles.timeframe_ms, *(getattr(candles, name)[kept] for name in CANDLE_COLUMNS))
