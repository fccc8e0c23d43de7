"""How much a proof tries, and by which numbers. Recorded with every verdict; a calibration uses smaller sweeps."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from karat.core.model.policy import Policy, SizeMode
from karat.research.gates.thresholds import Thresholds, default_thresholds
from karat.research.manifest import policy_json
from karat.research.robustness.report import Trials
from karat.research.sweeps.objective import Consistency

VOLATILITY_AIMED_AT = 0.2
VOLATILITY_BARS = 168  # a week of hours: that of a day alone changes sizes more than markets change


def proving_policy() -> Policy:
    """What a strategy is proved with where the user gives no policy: sized to a yearly volatility of 20%.

    All of the equity in a market that falls by half would fail every gate of drawdown, whatever the strategy knows.
    """
    return Policy(size_mode=SizeMode.VOLATILITY, size_value=VOLATILITY_AIMED_AT, volatility_period=VOLATILITY_BARS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is tried. Variants are those of one sweep on one market; `walk_windows` the windows of the walk forward,
    `walk_train_share` the share of the record that its first training takes."""

    sweep_variants: int = 256
    refinement_variants: int = 256
    own_variants: int = 96
    centres: int = 2  # plateaus of the sweep that are refined
    axis_values: int = 7  # odd, so that equal ratios meet the default
    paths: int = 300  # of the objective
    walk_windows: int = 12
    walk_train_share: float = 0.4
    superior_resamples: int = 2_000
    robustness: Trials = field(default_factory=Trials)

    @classmethod
    def small(cls) -> Effort:
        """That of a calibration, which proves hundreds of markets: all stages, with a tenth of the search."""
        return cls(
            sweep_variants=24, refinement_variants=27, own_variants=9, centres=1, axis_values=3, paths=100,
            walk_windows=6, superior_resamples=500, robustness=Trials(paths=500, runs=4, random_runs=20),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofSettings:
    """Everything that decides a verdict beside code and bars. `anchored`: the training of the walk forward begins at
    the first bar and grows; else it keeps its length and rolls."""

    policy: Policy = field(default_factory=proving_policy)
    effort: Effort = field(default_factory=Effort)
    thresholds: Thresholds = field(default_factory=default_thresholds)
    seed: int = 0
    anchored: bool = False

    @property
    def objective(self) -> Consistency:
        """One number of paths for all variants, so that markets can be pooled."""
        return Consistency(self.seed, paths=self.effort.paths, best_share=0.0, best_at_least=0)

    def as_dict(self) -> dict[str, Any]:
        return {
            "policy": policy_json(self.policy), "effort": asdict(self.effort), "seed": self.seed,
            "anchored": self.anchored,
            "objective": self.objective.told(), "thresholds": self.thresholds.hash,
            "changed": list(self.thresholds.changed),
        }  # fmt: skip
