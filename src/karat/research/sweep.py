"""A grid of variants over one market, on all cores, in bounded memory.

1. The market's columns are prepared once per set of periods the grid varies.
2. Each signal set is evaluated once (indicators are cached per argument set) for all its policies.
3. Work goes to threads in batches: many policies over one signal set, or one policy over many signal sets. The kernel
   releases the interpreter lock, so threads are enough.
4. Only four figures per variant are kept. What the grid uses decides which kernel runs (`kernel.features.tier_of`) and
   which path it takes (`sweep_paths.py`).

The vault is not a sweep's to read: the caller cuts the market before it (`before_vault`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Floats
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import Policy
from karat.core.model.signals import Signals
from karat.core.time import iso
from karat.kernel.by_trade.ground import events_of
from karat.kernel.engine import Inputs, prepare
from karat.kernel.features import features_of, tier_of
from karat.kernel.prepare import Extras
from karat.kernel.records import Features
from karat.kernel.signals import pack_signal
from karat.kernel.sweep import FIGURES
from karat.research.backtest import MarketData
from karat.research.sweep_grid import BAR_FIELDS, SweepGrid, policies_of, policy_rows, signal_values
from karat.research.sweep_paths import MarketColumns, SharedSignals, figures_of_codes, figures_of_policies
from karat.research.sweep_signals import SIGNALS_A_BATCH, Asked, ask
from karat.strategies import Strategy, evaluate

POLICIES_A_BATCH = 2_048


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """Four figures of every variant. `figures` is float64[variants, 4], columns `kernel.sweep.FIGURES`.

    NaN: the Sharpe is undefined, or the whole row where the parameters contradict each other (`skipped` counts these).
    `trials` is how many variants were simulated: each of them counts against whatever looks best.
    """

    grid: SweepGrid
    figures: Floats
    skipped: int

    @property
    def trials(self) -> int:
        return len(self.figures) - self.skipped

    def column(self, name: str) -> Floats:
        """One figure of every variant."""
        return self.figures[:, FIGURES.index(name)]

    def best(self, count: int, by: str = "sharpe") -> list[int]:
        """The numbers of the `count` highest variants by a figure; the lowest by drawdown. Undefined ones never."""
        values = self.column(by)
        order = np.argsort(values if by == "max_drawdown" else -values, kind="stable")
        return [int(k) for k in order if values[k] == values[k]][:count]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What every batch of a sweep shares."""

    data: MarketData
    strategy: Strategy
    grid: SweepGrid
    policy: Policy
    extras: Extras
    features: Features
    days_per_year: float
    figures: Floats

    @property
    def instrument(self) -> Instrument:
        return self.data.instrument


def before_vault(data_end_ms: int | None, vault_start_ms: int) -> int:
    """Where a sweep's range ends: before the vault, which sweeps cannot read."""
    return vault_start_ms if data_end_ms is None else min(data_end_ms, vault_start_ms)


def refuse_old_vault(data: MarketData) -> None:
    """A range that is joined from the market's old name may reach into that one's vault. Raises InputError."""
    if data.looks_into_vault:
        message = f"{data.candles.market} had another name, whose vault begins {iso(data.entry.vault_start_ts)}."
        hint = f"Sweep up to there (--to {iso(data.entry.vault_start_ts)}), or only what lies behind the renaming."
        raise InputError("vault_of_old_name", message, hint)


def sweep(
    data: MarketData,
    strategy: Strategy,
    grid: SweepGrid,
    policy: Policy,
    *,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Sweep:
    """Simulate every variant of `grid`. `progress` is told how many more are done.

    Raises InputError where a policy of the grid contradicts itself or a parameter is out of range.
    """
    plan = _plan(data, strategy, grid, policy)
    skipped = 0
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for done, missing in _bounded(pool, _batches(plan)):
            skipped += missing
            if progress is not None:
                progress(done)
    return Sweep(grid, plan.figures, skipped)


def _plan(data: MarketData, strategy: Strategy, grid: SweepGrid, policy: Policy) -> _Plan:
    funding = data.market.funding
    extras = Extras(funding=funding) if len(funding.ts) else Extras()
    first = next((found for k in range(grid.signal_sets) if (found := signal_values(strategy, grid, k))), None)
    if first is None:
        raise InputError("bad_grid", "Every combination of the parameters contradicts itself.", "Change the grid.")
    signals = evaluate(strategy, data.market, first)
    needed = [features_of(shown, data.instrument, signals, extras) for shown in policies_of(policy, grid)]
    union = Features(*(True if any(part) else None for part in zip(*needed, strict=True)))
    return _Plan(
        data,
        strategy,
        grid,
        policy,
        extras,
        tier_of(union),
        252.0 if data.instrument.kind == Kind.EQUITY else 365.0,
        np.full((grid.variants, len(FIGURES)), np.nan),
    )


Batch = Callable[[], tuple[int, int]]


def _batches(plan: _Plan) -> Iterator[Batch]:
    """Batches over shared signals where a signal set has many policies, over many signal sets where it has few."""
    for group in _bar_groups(plan):
        shared = MarketColumns.of(_inputs(plan, group), plan.days_per_year)
        if plan.grid.policies >= SIGNALS_A_BATCH:
            yield from _policy_batches(plan, group, shared)
        else:
            for policy_index in group.members:
                for first in range(0, plan.grid.signal_sets, SIGNALS_A_BATCH):
                    yield _signal_batch(plan, group, shared, policy_index, first)


@dataclass(frozen=True, slots=True)
class _BarGroup:
    """The policies of a grid that read the same columns of the market."""

    policy: Policy
    members: Any  # numbers of the policies


def _bar_groups(plan: _Plan) -> Iterator[_BarGroup]:
    axes = {name: values for name, values in plan.grid.policy.items() if name in BAR_FIELDS}
    everyone = np.arange(plan.grid.policies)
    if not axes:
        yield _BarGroup(plan.policy, everyone)
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
        yield _BarGroup(replace(plan.policy, **only.policy_at(key)), everyone[keys == key])


def _inputs(plan: _Plan, group: _BarGroup) -> Inputs:
    """The columns of the market, with no signals yet."""
    candles = plan.data.candles
    quiet = np.zeros(len(candles), np.bool_)
    none = Signals(np.zeros(len(candles), np.int8), quiet, quiet, np.ones(len(candles)))
    return prepare(candles, none, group.policy, plan.instrument, plan.extras, features=plan.features)


def _policy_batches(plan: _Plan, group: _BarGroup, shared: MarketColumns) -> Iterator[Batch]:
    for signal_set in range(plan.grid.signal_sets):
        values = signal_values(plan.strategy, plan.grid, signal_set)
        first_variant = signal_set * plan.grid.policies
        if values is None:
            yield _nothing(len(group.members))
            continue
        signals = evaluate(plan.strategy, plan.data.market, values)
        signal = pack_signal(signals, shared.inputs.spans)
        targets = signals.target is not None
        row = policy_rows(group.policy, plan.instrument, plan.grid, group.members[:1], targets=targets)[0]
        said = SharedSignals.of(signal, shared, row, plan.grid)
        for start in range(0, len(group.members), POLICIES_A_BATCH):
            chosen = group.members[start : start + POLICIES_A_BATCH]
            yield _policy_batch(plan, group, shared, said, chosen, first_variant, targets)


def _nothing(variants: int) -> Batch:
    return lambda: (variants, variants)


def _policy_batch(
    plan: _Plan, group: _BarGroup, shared: MarketColumns, said: SharedSignals, chosen: Any, first_variant: int,
    targets: bool,
) -> Batch:  # fmt: skip
    def run() -> tuple[int, int]:
        rows = policy_rows(group.policy, plan.instrument, plan.grid, chosen, targets=targets)
        plan.figures[first_variant + chosen] = figures_of_policies(shared, said, rows, plan.grid, chosen)
        return len(chosen), 0

    return run


def _signal_batch(plan: _Plan, group: _BarGroup, shared: MarketColumns, policy_index: int, first: int) -> Batch:
    """One policy over the signal sets from `first` on. Strategies with own levels or targets go one by one."""

    def run() -> tuple[int, int]:
        wanted = range(first, min(first + SIGNALS_A_BATCH, plan.grid.signal_sets))
        asked = ask(plan.strategy, plan.data.market, plan.grid, wanted)
        if asked.plain:
            _run_codes(plan, group, shared, policy_index, asked)
        for k, signals in asked.special:
            signal = pack_signal(signals, shared.inputs.spans)
            said = SharedSignals(signal, events_of(signal.code))
            variant = np.array([policy_index])
            first_variant = k * plan.grid.policies
            _policy_batch(plan, group, shared, said, variant, first_variant, signals.target is not None)()
        return len(wanted), asked.skipped

    return run


def _run_codes(plan: _Plan, group: _BarGroup, shared: MarketColumns, policy_index: int, asked: Asked) -> None:
    chosen = np.array([policy_index])
    row = policy_rows(group.policy, plan.instrument, plan.grid, chosen, targets=False)[0]
    out = figures_of_codes(shared, asked.codes, asked.confidences, row)
    plan.figures[np.array(asked.plain) * plan.grid.policies + policy_index] = out


def _bounded(pool: ThreadPoolExecutor, batches: Iterator[Batch]) -> Iterator[tuple[int, int]]:
    """Run batches with a few in flight, so that memory does not grow with the number of variants."""
    room = 2 * (os.cpu_count() or 1)
    flying: set[Future[tuple[int, int]]] = set()
    for batch in batches:
        flying.add(pool.submit(batch))
        if len(flying) >= room:
            landed, flying = wait(flying, return_when=FIRST_COMPLETED)
            for future in landed:
                yield future.result()
    for future in flying:
        yield future.result()
