"""The work of a sweep in batches, each of which writes its own rows: any order and any threads give the same result.

1. The market's columns are prepared once per set of periods the grid varies.
2. Each signal set is evaluated once (indicators are cached per argument set) for all its policies.
3. A batch is many policies over one signal set, or one policy over many signal sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Ints
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import Policy
from karat.core.model.signals import Signals
from karat.kernel.by_trade.ground import events_of
from karat.kernel.engine import Inputs, prepare
from karat.kernel.features import features_of, tier_of
from karat.kernel.prepare import Extras, prepare_bars
from karat.kernel.records import Features
from karat.kernel.signals import pack_signal
from karat.research.backtest import MarketData
from karat.research.sweeps.grid import BAR_FIELDS, SweepGrid, policies_of, policy_rows, signal_values
from karat.research.sweeps.paths import MarketColumns, SharedSignals, Simulated, simulate_codes, simulate_policies
from karat.research.sweeps.signals import SIGNALS_A_BATCH, Asked, ask
from karat.strategies import Strategy, evaluate

POLICIES_A_BATCH = 2_048

Batch = Callable[[], tuple[int, int]]
"""Runs a batch; returns how many variants it has done, and how many of them contradict themselves."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What every batch of a sweep shares. `days` is how many days it has, `first_day` the number of the first."""

    data: MarketData
    strategy: Strategy
    grid: SweepGrid
    policy: Policy
    extras: Extras
    features: Features
    days_per_year: float
    first_day: int
    days: int

    @property
    def instrument(self) -> Instrument:
        return self.data.instrument


class Keeper(Protocol):
    """What is kept of variants that were simulated. Called from many threads, for variants of its own each time."""

    @property
    def wants_days(self) -> bool:
        """Whether the equity at the end of each day is read."""
        ...

    def keep(self, variants: Ints, found: Simulated) -> None:
        """`variants` are the numbers of the rows of `found`."""
        ...


def plan_of(data: MarketData, strategy: Strategy, grid: SweepGrid, policy: Policy) -> Plan:
    """Raises InputError `bad_grid` where nothing can be simulated, and what a policy that contradicts itself raises."""
    funding = data.market.funding
    extras = Extras(funding=funding) if len(funding.ts) else Extras()
    first = next((found for k in range(grid.signal_sets) if (found := signal_values(strategy, grid, k))), None)
    if first is None:
        raise InputError("bad_grid", "Every combination of the parameters contradicts itself.", "Change the grid.")
    signals = evaluate(strategy, data.market, first)
    needed = [features_of(shown, data.instrument, signals, extras) for shown in policies_of(policy, grid)]
    union = Features(*(True if any(part) else None for part in zip(*needed, strict=True)))
    return Plan(
        data,
        strategy,
        grid,
        policy,
        extras,
        tier_of(union),
        252.0 if data.instrument.kind == Kind.EQUITY else 365.0,
        *_days_of(data, policy, extras),
    )


def _days_of(data: MarketData, policy: Policy, extras: Extras) -> tuple[int, int]:
    """(number of the first day since 1970-01-01, or of its session; number of days) as the kernel counts them."""
    marks = prepare_bars(data.candles, policy, data.instrument, extras).mark_day
    return int(marks[0]), int(marks[-1] - marks[0]) + 1


@dataclass(frozen=True, slots=True)
class _Task:
    """What the batches of one group of policies share. `wanted` None: every variant, else these numbers, ascending."""

    plan: Plan
    policy: Policy
    members: Ints  # numbers of the policies that read the same columns of the market
    market: MarketColumns
    keeper: Keeper
    wanted: Ints | None

    def signal_sets(self) -> Iterable[int]:
        """The signal sets of the wanted variants."""
        policies = self.plan.grid.policies
        if self.wanted is None:
            return range(self.plan.grid.signal_sets)
        return np.unique(self.wanted // policies).tolist()

    def chosen_of(self, signal_set: int) -> Ints:
        """The policies of this group that are wanted with a signal set."""
        if self.wanted is None:
            return self.members
        policies = self.plan.grid.policies
        first, last = np.searchsorted(self.wanted, (signal_set * policies, (signal_set + 1) * policies))
        return np.intersect1d(self.members, self.wanted[first:last] - signal_set * policies, assume_unique=True)

    def sets_of(self, policy_index: int) -> Ints:
        """The signal sets that are wanted with a policy."""
        if self.wanted is None:
            return np.arange(self.plan.grid.signal_sets)
        sets, place = np.divmod(self.wanted, self.plan.grid.policies)
        return sets[place == policy_index]


def batches(plan: Plan, keeper: Keeper, wanted: Ints | None = None) -> Iterator[Batch]:
    """All the work of a sweep, or of the `wanted` variants alone; what comes of it is told to `keeper`.

    Over shared signals where a signal set has many policies, over many signal sets where it has few.
    """
    for policy, members in _bar_groups(plan, wanted):
        if not len(members):
            continue
        market = MarketColumns.of(_inputs(plan, policy), plan.days_per_year)
        task = _Task(plan, policy, members, market, keeper, wanted)
        yield from _policy_batches(task) if plan.grid.policies >= SIGNALS_A_BATCH else _signal_batches(task)


def _bar_groups(plan: Plan, wanted: Ints | None) -> Iterator[tuple[Policy, Ints]]:
    """The policies of a grid, or those of the `wanted` variants, by the columns of the market that they read: one of
    them, and the numbers of all."""
    axes = {name: values for name, values in plan.grid.policy.items() if name in BAR_FIELDS}
    policies = plan.grid.policies
    everyone = np.arange(policies) if wanted is None else np.unique(wanted % policies)
    if not axes:
        yield plan.policy, everyone
        return
    only = SweepGrid({}, axes)
    keys = np.zeros(len(everyone), np.int64)
    rest = everyone
    scale = 1
    for name in reversed(plan.grid.policy):
        rest, place = np.divmod(rest, len(plan.grid.policy[name]))
        if name in axes:
            keys += place * scale
            scale *= len(axes[name])
    for key in range(only.policies):
        yield replace(plan.policy, **only.policy_at(key)), everyone[keys == key]


def _inputs(plan: Plan, policy: Policy) -> Inputs:
    """The columns of the market, with no signals yet."""
    candles = plan.data.candles
    quiet = np.zeros(len(candles), np.bool_)
    none = Signals(np.zeros(len(candles), np.int8), quiet, quiet, np.ones(len(candles)))
    return prepare(candles, none, policy, plan.instrument, plan.extras, features=plan.features)


def _policy_batches(task: _Task) -> Iterator[Batch]:
    plan, grid, market = task.plan, task.plan.grid, task.market
    for signal_set in task.signal_sets():
        members = task.chosen_of(signal_set)
        if not len(members):
            continue
        values = signal_values(plan.strategy, grid, signal_set)
        if values is None:
            yield _nothing(len(members))
            continue
        signals = evaluate(plan.strategy, plan.data.market, values)
        signal = pack_signal(signals, market.inputs.spans)
        targets = signals.target is not None
        row = policy_rows(task.policy, plan.instrument, grid, members[:1], targets=targets)[0]
        said = SharedSignals.of(signal, market, row, grid, len(members))
        for start in range(0, len(members), POLICIES_A_BATCH):
            yield _policy_batch(task, said, members[start : start + POLICIES_A_BATCH], signal_set, targets)


def _nothing(variants: int) -> Batch:
    return lambda: (variants, variants)


def _policy_batch(task: _Task, said: SharedSignals, chosen: Ints, signal_set: int, targets: bool) -> Batch:
    plan = task.plan

    def run() -> tuple[int, int]:
        rows = policy_rows(task.policy, plan.instrument, plan.grid, chosen, targets=targets)
        found = simulate_policies(task.market, said, rows, plan.grid, chosen, days=task.keeper.wants_days)
        task.keeper.keep(signal_set * plan.grid.policies + chosen, found)
        return len(chosen), 0

    return run


def _signal_batches(task: _Task) -> Iterator[Batch]:
    for policy_index in task.members:
        sets = task.sets_of(policy_index)
        for first in range(0, len(sets), SIGNALS_A_BATCH):
            yield _signal_batch(task, int(policy_index), sets[first : first + SIGNALS_A_BATCH])


def _signal_batch(task: _Task, policy_index: int, sets: Ints) -> Batch:
    """One policy over some signal sets. Strategies with own levels or targets go one by one."""
    plan = task.plan

    def run() -> tuple[int, int]:
        asked = ask(plan.strategy, plan.data.market, plan.grid, sets.tolist())
        if asked.plain:
            _run_codes(task, policy_index, asked)
        for k, signals in asked.special:
            signal = pack_signal(signals, task.market.inputs.spans)
            said = SharedSignals(signal, events_of(signal.code))
            _policy_batch(task, said, np.array([policy_index]), k, signals.target is not None)()
        return len(sets), asked.skipped

    return run


def _run_codes(task: _Task, policy_index: int, asked: Asked) -> None:
    plan = task.plan
    row: Any = policy_rows(task.policy, plan.instrument, plan.grid, np.array([policy_index]), targets=False)[0]
    found = simulate_codes(task.market, asked.codes, asked.confidences, row, days=task.keeper.wants_days)
    task.keeper.keep(np.array(asked.plain) * plan.grid.policies + policy_index, found)
