"""Every test of one variant's robustness, and the form in which it is kept."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from karat.core.model.candles import Ints
from karat.research.robustness.bands import PERCENTILES, Band
from karat.research.robustness.dependence import Dependence, dependence
from karat.research.robustness.disturbed import RUNS, Disturbed, missed_entries, noisy_prices, worse_fills
from karat.research.robustness.paths import (
    PATHS,
    ResampledDays,
    ResampledTrades,
    ShuffledTrades,
    resample_days,
    resample_trades,
    shuffle_trades,
)
from karat.research.robustness.random_entries import RANDOM_RUNS, RandomEntries, random_entries, random_timing
from karat.research.robustness.stress import Capacity, CostStress, Delay, capacity, cost_stress, delays
from karat.research.robustness.variant import Outcome, Variant, outcome_of
from karat.stats import Undefined


@dataclass(frozen=True, slots=True)
class Trials:
    """How much is tried, and how hard. Recorded with what came of it."""

    seed: int = 0
    paths: int = PATHS
    runs: int = RUNS
    random_runs: int = RANDOM_RUNS
    missed_probability: float = 0.1
    slippage_times_max: float = 3.0
    noise_atr: float = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Robustness:
    """What every test found. `year` are resampled days over a year, `record` over the length of the real run."""

    trials: Trials
    real: Outcome
    shuffled: ShuffledTrades | Undefined
    resampled: ResampledTrades | Undefined
    year: ResampledDays | Undefined
    record: ResampledDays | Undefined
    missed: Disturbed | Undefined
    worse: Disturbed | Undefined
    noisy: Disturbed | Undefined
    random: RandomEntries | Undefined
    timing: RandomEntries | Undefined
    costs: CostStress
    delays: tuple[Delay, ...]
    capacity: Capacity
    dependence: Dependence


def robustness(variant: Variant, trials: Trials | None = None, regimes: Ints | None = None) -> Robustness:
    """Every test of `variant`. `regimes` as in `dependence`. Raises what the strategy raises on noisy prices."""
    trials = trials or Trials()
    seed, paths, runs = trials.seed, trials.paths, trials.runs
    days = len(variant.daily_returns())
    return Robustness(
        trials=trials,
        real=outcome_of(variant.run),
        shuffled=shuffle_trades(variant, seed=seed, paths=paths),
        resampled=resample_trades(variant, seed=seed, paths=paths),
        year=resample_days(variant, seed=seed, paths=paths),
        record=resample_days(variant, seed=seed, paths=paths, horizon_days=days),
        missed=missed_entries(variant, seed=seed, probability=trials.missed_probability, runs=runs),
        worse=worse_fills(variant, seed=seed, times_max=trials.slippage_times_max, runs=runs),
        noisy=noisy_prices(variant, seed=seed, share=trials.noise_atr, runs=runs),
        random=random_entries(variant, seed=seed, runs=trials.random_runs),
        timing=random_timing(variant, seed=seed, runs=trials.random_runs),
        costs=cost_stress(variant),
        delays=delays(variant),
        capacity=capacity(variant),
        dependence=dependence(variant, regimes),
    )


def json_of(found: Any) -> Any:
    """Any record of this package as JSON: fields by name, a band by percentile, `Undefined` as json.md has it."""
    if isinstance(found, Undefined):
        return {"undefined": found.reason}
    if isinstance(found, Band):
        values = dict(zip((f"p{percent}" for percent in PERCENTILES), map(json_of, found.values), strict=True))
        return {**values, "count": found.count, "undefined_runs": found.undefined}
    if is_dataclass(found):
        return {spec.name: json_of(getattr(found, spec.name)) for spec in fields(found)}
    if isinstance(found, np.ndarray):
        assert np.isfinite(found).all(), "curves hold numbers"
        return found.tolist()
    return [json_of(part) for part in found] if isinstance(found, tuple) else found
