"""Would it have done as well with entries at random bars? Two answers, because neither is whole.

`random_entries` keeps the exits where they are, in time:

1. The strategy's entries are taken away. Where one would have closed the other side it still does, and its exits stay.
2. As many entries of each side as there were trades are put at random bars behind the warm-up. Some fall on bars in
   which a position is held, so fewer trades come of them: the number of entries is raised until, on average, the random
   runs trade as often as the real one and pay as much. Where that cannot be, p is undefined.
3. A random entry takes confidence, size and leverage of a real one, and its stop and take as a share of price.

Exits that hold all the while, as those of a strategy that is always in the market, leave random entries no side to
choose and few bars to miss. `random_timing` therefore keeps entries and exits together: all signals are put off by a
random number of bars, round the market's end. Their number and their order stay; only the prices are others. Put off
by a few bars they would still be the real ones, and by nearly the whole market they would come some bars early and know
the future: both are left out, up to the warm-up or the longest trade, but at most a quarter of the market each.

p is the share of runs at least as good as the real one, that one counted among them (Phipson and Smyth 2010: a p of
zero is never known). A random run without a Sharpe counts as good, unless it went bankrupt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from karat.core.model.candles import Ints
from karat.core.model.signals import Signals
from karat.research.levels import LevelRun
from karat.research.robustness import again
from karat.research.robustness.again import Again, in_turn
from karat.research.robustness.bands import Band, band_of
from karat.research.robustness.disturbed import without_entries
from karat.research.robustness.variant import Variant, column
from karat.stats import Figure, Undefined, is_defined
from karat.stats.belief.random import fill_uniforms
from karat.stats.figure import BANKRUPT, NO_TRADES

RANDOM_RUNS = 500
_ENTRIES, _SOURCES, _PILOT, _TIMING = (
    23,
    24,
    25,
    26,
)  # purposes, apart from all others of one seed
_PILOT_RUNS = 4  # to see how many trades a number of entries makes
_PILOT_ROUNDS = 8
_CLOSE_ENOUGH = 0.02  # of the real number of trades
_SHARE_MAX = 0.5  # of all bars that may hold an entry
_MATCHED = 0.2  # random runs that trade more or less often than that by this share say nothing
_TURNED_BARS_MIN = 100  # places to put signals off to: a p of 0.01 asks for as many
TARGETS = Undefined("a strategy of targets has no entries")
NOT_MATCHED = Undefined("random runs trade much more or less often than the real one")
NO_ROOM = Undefined("no bar is left for random entries")


@dataclass(frozen=True, slots=True, eq=False)
class RandomEntries:
    """`real` is the Sharpe of the variant, `random` the band of those of the runs. `trades_real` counts what was
    entered, `trades` the band of that in the runs."""

    runs: int
    real: Figure
    random: Band
    p_value: Figure
    trades_real: int
    trades: Band


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """What all random runs share: signals without entries, bars that may hold one, bars of the real ones by side."""

    variant: Variant
    quiet: Signals
    room: Ints
    longs: Ints
    shorts: Ints


def random_entries(variant: Variant, *, seed: int, runs: int = RANDOM_RUNS) -> RandomEntries | Undefined:
    """Entries at random bars, exits where they are. A strategy of targets has no entries."""
    assert runs >= 1, "at least one run"
    if variant.signals.target is not None:
        return TARGETS
    entered = _entered(variant.run)
    if not sum(entered):
        return NO_TRADES
    ground = _ground_of(variant)
    if len(ground.room) < 2 * sum(entered):
        return NO_ROOM
    count = _enough(ground, entered, seed)
    return _compared(variant, runs, lambda path: _random_run(ground, count, seed, _ENTRIES, path))


def random_timing(variant: Variant, *, seed: int, runs: int = RANDOM_RUNS) -> RandomEntries | Undefined:
    """All signals at other bars, each run by a number of bars of its own."""
    assert runs >= 1, "at least one run"
    if not sum(_entered(variant.run)):
        return NO_TRADES
    warmup = variant.strategy.warmup_bars(variant.values)
    later = len(variant.signals) - warmup
    memory = min(max(warmup, int(variant.run.trades.bars_held.max(initial=1))), later // 4)
    if later - 2 * memory < _TURNED_BARS_MIN:
        return NO_ROOM
    draws = np.empty(runs)
    fill_uniforms(seed, _TIMING, 0, 0, draws)
    steps = memory + (draws * (later - 2 * memory)).astype(np.int64)
    return _compared(
        variant, runs, lambda path: again.with_signals(variant, put_off(variant, warmup, int(steps[path])))
    )


def _compared(variant: Variant, runs: int, run_of: Callable[[int], Again]) -> RandomEntries:
    """Each run is let go when it was read: their records are large."""
    real, entered = variant.run.metrics["sharpe"], sum(_entered(variant.run))

    def read(path: int) -> tuple[Figure, int]:
        run = run_of(path)
        return run.sharpe, run.entered

    found = in_turn(runs, read)
    sharpes, trades = [sharpe for sharpe, _ in found], [float(count) for _, count in found]
    matched = abs(float(np.mean(trades)) / entered - 1.0) <= _MATCHED
    return RandomEntries(
        runs=len(sharpes),
        real=real,
        random=band_of(sharpes),
        p_value=p_value(real, sharpes) if matched else NOT_MATCHED,
        trades_real=entered,
        trades=band_of(trades),
    )


def p_value(real: Figure, random: list[Figure]) -> Figure:
    """`(1 + runs at least as good) / (1 + runs)`; undefined where the real figure is."""
    if not is_defined(real):
        return real
    good = sum(one >= real if is_defined(one) else one is not BANKRUPT for one in random)
    return (1.0 + good) / (1.0 + len(random))


def _entered(run: LevelRun) -> tuple[int, int]:
    """Trades that were opened (long, short), one that is still open included."""
    sides = run.trades.side.tolist() + ([run.open_position.side] if run.open_position else [])
    return sides.count(1), sides.count(-1)


def _ground_of(variant: Variant) -> _Ground:
    signals = variant.signals
    quiet = without_entries(signals, signals.entry != 0)
    last = len(signals) - variant.policy.latency  # an entry decided later is never filled
    room = np.arange(min(variant.strategy.warmup_bars(variant.values), last), last)
    longs, shorts = (np.flatnonzero(signals.entry == side) for side in (1, -1))
    return _Ground(variant, quiet, room, longs, shorts)


def _enough(ground: _Ground, entered: tuple[int, int], seed: int) -> tuple[int, int]:
    """How many random entries of each side make, on average, as many trades as were entered."""
    target, times = sum(entered), 1.0
    count = entered
    for attempt in range(_PILOT_ROUNDS):
        paths = range(attempt * _PILOT_RUNS, (attempt + 1) * _PILOT_RUNS)
        made = np.mean([_random_run(ground, count, seed, _PILOT, path).entered for path in paths])
        if abs(made / target - 1.0) <= _CLOSE_ENOUGH or made == 0.0:
            break
        times = min(times * target / made, _SHARE_MAX * len(ground.room) / target)
        more = _times(entered[0], times), _times(entered[1], times)
        if more == count:
            break
        count = more
    return count


def _times(entries: int, times: float) -> int:
    """A side that was entered stays so."""
    return max(round(entries * times), 1) if entries else 0


def _random_run(ground: _Ground, count: tuple[int, int], seed: int, purpose: int, path: int) -> Again:
    keys = np.empty(len(ground.room))
    fill_uniforms(seed, purpose, 0, path, keys)
    chosen = np.argpartition(keys, sum(count) - 1)[: sum(count)]
    chosen = ground.room[chosen[np.argsort(keys[chosen])]]  # in random order: any of them may be long
    picks = np.empty(sum(count))
    fill_uniforms(seed, _SOURCES, purpose, path, picks)
    drawn = (picks[: count[0]], picks[count[0] :])
    sources = [
        real[(place * len(real)).astype(np.int64)]
        for real, place in zip((ground.longs, ground.shorts), drawn, strict=True)
    ]
    variant, source = ground.variant, np.concatenate(sources)
    return again.with_signals(variant, with_entries(variant, ground.quiet, chosen, count[0], source))


def with_entries(variant: Variant, quiet: Signals, bars: Ints, longs: int, source: Ints) -> Signals:
    """`quiet` with entries at `bars`, the first `longs` of them long, with what was said to those at `source`."""
    signals, close = variant.signals, variant.data.candles.close
    entry = np.zeros(len(signals), np.int8)
    entry[bars[:longs]], entry[bars[longs:]] = 1, -1
    scale = close[bars] / close[source]
    confidence = column(signals.confidence, bars, source)
    assert confidence is not None, "every signal has a confidence"
    return replace(
        quiet,
        entry=entry,
        confidence=confidence,
        stop=column(signals.stop, bars, source, scale),
        take=column(signals.take, bars, source, scale),
        size_scale=column(signals.size_scale, bars, source),
        leverage=column(signals.leverage, bars, source),
    )


def put_off(variant: Variant, warmup: int, bars: int) -> Signals:
    """The signals `bars` later, those of the end behind the warm-up; stops and takes as the same share of price."""
    signals, close = variant.signals, variant.data.candles.close
    place = np.arange(len(signals))
    source = np.concatenate((place[:warmup], np.roll(place[warmup:], bars)))
    scale = close / close[source]
    moved: dict[str, Any] = {}
    for spec in fields(Signals):
        values = getattr(signals, spec.name)
        if values is not None:
            moved[spec.name] = values[source] * scale if spec.name in ("stop", "take") else values[source]
    return replace(signals, **moved)
