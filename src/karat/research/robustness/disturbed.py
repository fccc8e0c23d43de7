"""Many runs of a variant with one thing disturbed: entries missed, fills worse, prices noisy. Every run goes through
the kernel, so that later trades change as they really would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from karat.core.model.candles import Floats
from karat.core.model.policy import Policy
from karat.core.model.signals import Signals
from karat.research.robustness import again
from karat.research.robustness.again import Again, in_turn
from karat.research.robustness.bands import Band, Fan, band_of, fan_of, points_of
from karat.research.robustness.noise import noisy_market
from karat.research.robustness.variant import Outcome, Variant
from karat.stats import Undefined
from karat.stats.belief.random import fill_uniforms
from karat.stats.figure import NO_TRADES
from karat.strategies import evaluate

RUNS = 200  # the 1st and 99th percentile have two runs beyond them
_MISSED, _WORSE = 20, 21  # purposes of these numbers, apart from all others that one seed gives


@dataclass(frozen=True, slots=True, eq=False)
class Disturbed:
    """What became of a variant in `runs` runs; `strength` says how much was disturbed, in the unit of the test.

    Bands are of figures as `Outcome` has them. `loss` is the share of runs that ended at or below the start.
    """

    runs: int
    strength: float
    loss: float
    sharpe: Band
    total_return: Band
    max_drawdown: Band
    profit_factor: Band
    trades: Band
    equity: Fan


def missed_entries(variant: Variant, *, seed: int, probability: float = 0.1, runs: int = RUNS) -> Disturbed | Undefined:
    """Each entry is missed with `probability` (the strength).

    What is missed is a stretch of bars that ask for the same side, or of targets of one sign: who could not enter at
    its first bar is not given its second. A missed reversal still closes what was held.
    """
    assert 0.0 <= probability <= 1.0, "a probability"
    stretch = entry_stretches(variant.signals)

    def missing(path: int) -> Again:
        draws = np.empty(int(stretch.max(initial=-1)) + 1)
        fill_uniforms(seed, _MISSED, 0, path, draws)
        missed = np.append(draws < probability, False)[stretch]  # -1, no stretch, reads the last
        return again.with_signals(variant, without_entries(variant.signals, missed))

    return _disturbed(variant, probability, runs, missing)


def entry_stretches(signals: Signals) -> np.ndarray:
    """Number of the stretch of entries that each bar belongs to, int64 from 0; -1 where no entry is asked for.

    A stretch are consecutive bars with the same side, or with targets of one sign; a NaN target goes on with the last.
    """
    side = signals.entry.astype(np.int64)
    if signals.target is not None:
        known = np.maximum.accumulate(np.where(np.isnan(signals.target), -1, np.arange(len(signals))))
        side = np.where(known < 0, 0, np.sign(np.nan_to_num(signals.target[known]))).astype(np.int64)
    begins = (side != 0) & (side != np.concatenate(([0], side[:-1])))
    return np.where(side == 0, -1, np.cumsum(begins) - 1)


def without_entries(signals: Signals, missed: np.ndarray) -> Signals:
    """The signals with the entries of `missed` bars gone. An entry that would have closed the other side still does; a
    target becomes 0."""
    if signals.target is not None:
        return replace(signals, target=np.where(missed & ~np.isnan(signals.target), 0.0, signals.target))
    return replace(
        signals,
        entry=np.where(missed, 0, signals.entry).astype(np.int8),
        exit_long=signals.exit_long | (missed & (signals.entry < 0)),
        exit_short=signals.exit_short | (missed & (signals.entry > 0)),
    )


def worse_fills(variant: Variant, *, seed: int, times_max: float = 3.0, runs: int = RUNS) -> Disturbed | Undefined:
    """Spread and slippage of a run are the policy's times a number drawn from 1 to `times_max` (the strength)."""
    assert times_max >= 1.0, "fills do not become better"
    draws = np.empty(runs)
    fill_uniforms(seed, _WORSE, 0, 0, draws)
    times = 1.0 + draws * (times_max - 1.0)
    return _disturbed(
        variant, times_max, runs, lambda path: again.with_policy(variant, dearer(variant.policy, float(times[path])))
    )


def dearer(policy: Policy, times: float) -> Policy:
    """The policy with spread and slippage `times` as large, as far as its fields go; fees stay."""
    return replace(
        policy,
        half_spread=min(policy.half_spread * times, 1.0),
        slippage_base=min(policy.slippage_base * times, 1.0),
        slippage_atr=min(policy.slippage_atr * times, 100.0),
        slippage_volume=min(policy.slippage_volume * times, 100.0),
    )


def noisy_prices(variant: Variant, *, seed: int, share: float = 0.1, runs: int = RUNS) -> Disturbed | Undefined:
    """Every price is moved by up to `share` (the strength) of the ATR, and the strategy asked anew."""

    def noisy(path: int) -> Again:
        market = noisy_market(variant.data, seed=seed, path=path, share=share)
        signals = evaluate(variant.strategy, market, variant.values)
        return again.on_candles(variant, market.candles, signals)

    return _disturbed(variant, share, runs, noisy)


def _disturbed(variant: Variant, strength: float, runs: int, run_of: Callable[[int], Again]) -> Disturbed | Undefined:
    """The bands of runs, each of which is let go when it was read: their records are large."""
    assert runs >= 1, "at least one run"
    if not len(variant.run.fills["ts"]):
        return NO_TRADES
    after = points_of(len(variant.daily_returns()))

    def read(path: int) -> tuple[Outcome, Floats]:
        run = run_of(path)
        return run.outcome, run.daily_equity[after - 1]

    found = in_turn(runs, read)
    outcomes, curves = [one for one, _ in found], np.array([curve for _, curve in found])
    return Disturbed(
        runs=runs,
        strength=strength,
        loss=float(np.mean(curves[:, -1] <= 1.0)),
        sharpe=band_of([one.sharpe for one in outcomes]),
        total_return=band_of([one.total_return for one in outcomes]),
        max_drawdown=band_of([one.max_drawdown for one in outcomes]),
        profit_factor=band_of([one.profit_factor for one in outcomes]),
        trades=band_of([one.trades for one in outcomes]),
        equity=fan_of("days", after, curves),
    )
