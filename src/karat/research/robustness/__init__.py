"""The robustness of one variant: what luck, worse circumstances and more capital would have made of it.

`variant_of` runs a strategy once as it is; every test is a pure function of that and of a seed, and gives figures and
bands. `robustness` makes all of them, `json_of` writes any of them down.
"""

from __future__ import annotations

from karat.research.robustness.bands import PERCENTILES, Band, Fan
from karat.research.robustness.dependence import Dependence, RegimeGain, dependence
from karat.research.robustness.disturbed import Disturbed, missed_entries, noisy_prices, worse_fills
from karat.research.robustness.paths import (
    ResampledDays,
    ResampledTrades,
    ShuffledTrades,
    resample_days,
    resample_trades,
    shuffle_trades,
)
from karat.research.robustness.random_entries import RandomEntries, random_entries, random_timing
from karat.research.robustness.report import Robustness, Trials, json_of, robustness
from karat.research.robustness.stress import Capacity, CostStress, Delay, capacity, cost_stress, delays
from karat.research.robustness.variant import Outcome, Variant, variant_of

__all__ = [
    "PERCENTILES",
    "Band",
    "Capacity",
    "CostStress",
    "Delay",
    "Dependence",
    "Disturbed",
    "Fan",
    "Outcome",
    "RandomEntries",
    "RegimeGain",
    "ResampledDays",
    "ResampledTrades",
    "Robustness",
    "ShuffledTrades",
    "Trials",
    "Variant",
    "capacity",
    "cost_stress",
    "delays",
    "dependence",
    "json_of",
    "missed_entries",
    "noisy_prices",
    "random_entries",
    "random_timing",
    "resample_days",
    "resample_trades",
    "robustness",
    "shuffle_trades",
    "variant_of",
    "worse_fills",
]
