"""What a proof reads and writes: markets before and behind their vaults, sweeps, and the trial ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from karat.core.errors import NeedsOperator
from karat.core.ids import MarketId
from karat.core.model.policy import Policy
from karat.ports.lake import Lake
from karat.research.backtest import MarketData
from karat.research.backtest_market import market_data
from karat.research.ledger.account import Account, accounts
from karat.research.ledger.trials import LOOK, Read, TrialLedger, Tried
from karat.research.sweeps.choice import chosen_variants
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice, kept_sweep
from karat.research.sweeps.sweep import Sweep, refuse_old_vault, sweep
from karat.strategies import Strategy

TOOL = "prove"
_LOOKS_MAX, _TRIALS_MAX = 60, 1e15  # as far as the expected largest is told


class Ground(Protocol):
    """Where a proof happens: the lake of a home, or markets whose truth is known."""

    def before_vault(self, market: MarketId, timeframe_ms: int, needs: Sequence[str]) -> MarketData:
        """All bars before the market's vault."""
        ...

    def whole(self, market: MarketId, timeframe_ms: int, needs: Sequence[str]) -> MarketData:
        """All bars, those of the vault too. The look is recorded before this is asked for."""
        ...

    def sweep(self, data: MarketData, strategy: Strategy, grid: SweepGrid, policy: Policy, choice: Choice) -> Sweep:
        """Simulate the variants of `choice`, sketched."""
        ...


@dataclass(frozen=True, slots=True)
class LakeGround:
    """The markets of a lake; sweeps are kept in a home and go on where they were."""

    lake: Lake
    coverage_min: float | None = None
    home: Path | None = None

    def before_vault(self, market: MarketId, timeframe_ms: int, needs: Sequence[str]) -> MarketData:
        """Raises InputError of `market_data` and `vault_of_old_name`."""
        until = self.lake.entry(market, timeframe_ms).vault_start_ts
        data = market_data(self.lake, market, timeframe_ms, None, until, needs, coverage_min=self.coverage_min)
        refuse_old_vault(data)
        return data

    def whole(self, market: MarketId, timeframe_ms: int, needs: Sequence[str]) -> MarketData:
        return market_data(self.lake, market, timeframe_ms, None, None, needs, coverage_min=self.coverage_min)

    def sweep(self, data: MarketData, strategy: Strategy, grid: SweepGrid, policy: Policy, choice: Choice) -> Sweep:
        return kept_sweep(data, strategy, grid, policy, choice, home=self.home)[0]


def swept_in_memory(
    data: MarketData, strategy: Strategy, grid: SweepGrid, policy: Policy, choice: Choice, workers: int | None = None
) -> Sweep:
    """The same sweep as `kept_sweep`, of which nothing is kept."""
    variants = chosen_variants(grid, choice.sampler, choice.trials, choice.seed, choice.conditions)
    return sweep(
        data, strategy, grid, policy, variants=variants, objective=choice.objective, sketched=True, workers=workers
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """A family on a market by the first `lines` of the ledger. `looks` are those into the vault by other tools."""

    account: Account
    looks: int
    lines: int

    @property
    def effective_trials(self) -> float:
        """The independent trials that the luckiest is measured by: every look into the vault doubles them."""
        return min(max(self.account.effective, 1.0) * 2.0 ** min(self.looks, _LOOKS_MAX), _TRIALS_MAX)


@dataclass(frozen=True, slots=True)
class Book:
    """The trial ledger as a proof uses it. `now_ms` tells the time of an entry, which decides nothing. `as_of`: judge
    by its first so many lines and write none, as when a verdict is checked again later: what it tried was counted when
    it was given, and its look into the vault is the same look."""

    ledger: TrialLedger
    now_ms: Callable[[], int]
    as_of: int | None = None

    def tried(self, strategy: Strategy, tried: Tried) -> None:
        """Count trials before anything is made of them."""
        if self.as_of is not None:
            return
        self.ledger.record_trials(strategy, tried, self.now_ms())

    def standing(self, strategy: Strategy, market: MarketId) -> Standing:
        """All that was ever tried of the strategy's family on the market."""
        family, lines = self.ledger.family_of(strategy, self.now_ms()), self.ledger.lines()
        lines = lines if self.as_of is None else lines[: self.as_of]
        place = (family, market)
        own = [one for one in lines if (one.record.get("family"), one.record.get("market")) == place]
        found = accounts(own)
        assert found, "what is judged was tried"
        looks = sum(one.record["kind"] == LOOK and one.record["tool"] != TOOL for one in own)
        return Standing(found[0], looks, len(lines))

    def opening(self, strategy: Strategy, market: MarketId) -> Read | None:
        """The look by which a proof of the strategy's family has opened the market's vault; None where none has."""
        family = self.ledger.family_of(strategy, self.now_ms())
        for line in self.ledger.lines():
            one = line.record
            if one["kind"] == LOOK and (one["tool"], one["family"], one["market"]) == (TOOL, family, market):
                return Read(
                    tool=TOOL, market=market, timeframe=one["timeframe"], first_ms=one["first"], end_ms=one["end"],
                    what=one["what"],
                )  # fmt: skip
        return None

    def open(self, strategy: Strategy, read: Read) -> None:
        """Record the look before anything of the vault is read. Raises NeedsOperator `vault_unopened` with `as_of`:
        what only checks a verdict opens no vault that was not opened for it."""
        if self.as_of is not None:
            hint = "The verdict cannot be made again as it was; prove the strategy anew: karat prove."
            raise NeedsOperator("vault_unopened", f"The vault of {read.market} was never opened for this.", hint)
        self.ledger.record_look(strategy, read, self.now_ms())
