"""What the ledger adds up to for a family of strategies on a market."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from karat.research.ledger.chain import Line
from karat.research.ledger.trials import LOOK, TRIALS
from karat.stats.belief.deflated import equivalent_trials, sharpe_of_luck
from karat.stats.belief.peaks import expected_peak
from karat.stats.belief.sketch import Sketch, merged
from karat.stats.figure import Figure, Undefined


@dataclass(frozen=True, slots=True)
class Account:
    """`trials` were made in `runs` runs; they were about `effective` independent ones, the number that the deflated
    Sharpe ratio reads. `sharpe_mean` and `sharpe_variance` are of the trials' Sharpe ratios per day; `days` is the
    length of the longest run. `looks` are into the vault."""

    family: str
    market: str
    runs: int
    trials: int
    effective: float
    sharpe_mean: Figure
    sharpe_variance: Figure
    days: int
    looks: int

    @property
    def sharpe_of_luck(self) -> Figure:
        """The Sharpe ratio per day that the best of the trials would show without any edge.

        Trials that are near copies lie close together and share their luck. So the variance read here is never below
        that of one Sharpe ratio estimated over `days` days.
        """
        if self.days < 2:
            return Undefined("no trial was counted")
        return self.luck_of(max(1.0, self.effective))

    def luck_of(self, trials: float) -> float:
        """The same for so many independent trials, with the variance of these; of an account with days."""
        known = 0.0 if isinstance(self.sharpe_variance, Undefined) else self.sharpe_variance
        return sharpe_of_luck(max(known, 1.0 / self.days), trials)


def accounts(lines: Iterable[Line]) -> tuple[Account, ...]:
    """An account for each family and market that the ledger knows trials or looks of, sorted."""
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if line.record["kind"] in (TRIALS, LOOK):
            found.setdefault((line.record["family"], line.record["market"]), []).append(line)
    return tuple(_account(*key, own) for key, own in sorted(found.items()))


def _account(family: str, market: str, lines: list[Line]) -> Account:
    tried = [line.record for line in lines if line.record["kind"] == TRIALS]
    known, total = sum(one["sharpes"] for one in tried), sum(one["sharpe_sum"] for one in tried)
    squares = sum(one["sharpe_squares"] for one in tried)
    few = Undefined("fewer than two trials with a Sharpe ratio")
    trials = sum(one["count"] for one in tried)
    sketch = merged(Sketch.of_json(one["clusters"]) for one in tried)
    return Account(
        family=family,
        market=market,
        runs=len(tried),
        trials=trials,
        effective=effective_number(trials, sketch),
        sharpe_mean=total / known if known else few,
        sharpe_variance=max(0.0, (squares - total * total / known) / (known - 1)) if known > 1 else few,
        days=max((one["days"] for one in tried if one["count"]), default=0),
        looks=sum(line.record["kind"] == LOOK for line in lines),
    )


def effective_number(trials: int, sketch: Sketch) -> float:
    """How many independent trials have the same luck as these; 0 when none was made."""
    if trials < 1 or not len(sketch.counts):
        return 0.0
    return equivalent_trials(expected_peak(sketch, trials))
