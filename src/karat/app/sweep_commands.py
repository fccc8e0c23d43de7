"""karat sweep: every combination of a grid, four figures each, with the number of trials beside the best."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from karat.app.console import progress, say, show, show_json
from karat.core.errors import InputError
from karat.core.home import karat_home
from karat.core.ids import MarketId, market_id
from karat.core.time import parse_time_ms, timeframe_ms

if TYPE_CHECKING:
    from karat.core.model.policy import Policy
    from karat.research.backtest import MarketData
    from karat.research.sweeps.choice import Sampler
    from karat.research.sweeps.grid import SweepGrid
    from karat.research.sweeps.job import Choice
    from karat.research.sweeps.store import SweepFolder
    from karat.research.sweeps.sweep import Sweep
    from karat.strategies import Strategy

Pairs = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]
Json = Annotated[bool, Parameter(name="--json", negative="")]
_TOP_MAX = 1000


def sweep_command(
    strategy: str,
    *,
    market: str,
    timeframe: str,
    grid: Pairs = (),
    policy_grid: Pairs = (),
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    set_: Annotated[Pairs, Parameter(name="--set")] = (),
    policy: Pairs = (),
    costs: str | None = None,
    min_coverage: float | None = None,
    sampler: str = "grid",
    trials: int | None = None,
    where: Pairs = (),
    by: str = "consistency",
    prune: Annotated[bool, Parameter(negative="")] = False,
    seed: int = 0,
    top: int = 10,
    cluster: str | None = None,
    as_json: Json = False,
) -> None:
    """Simulate every combination of a grid on one market, or a sample of them. The vault of the market is never read.

    What is simulated is kept part by part: killed, or stopped with Ctrl-C, the same command goes on where it was.

    Parameters
    ----------
    strategy
        As karat strategies list names it.
    market
        venue:SYMBOL, for example binance_perp:BTCUSDT.
    timeframe
        For example 15m, 1h or 1d.
    grid
        Parameters to vary: fast_period=5..20..5 slow_period=30,60,90.
    policy_grid
        Policy fields to vary: stop_value=0.01..0.05..0.01.
    from_
        First bar; the first there is when left out.
    to
        The sweep ends before this time, and before the vault in any case.
    set_
        Parameters of the strategy that stay.
    policy
        Policy fields that stay: stop_mode=fraction.
    costs
        base, pessimistic (when left out) or brutal.
    min_coverage
        Refuse data that has less than this share of its bars; 0.99 when left out. What is let through is recorded.
    sampler
        grid: every combination. random or sobol: a sample of --trials of them, the second spread evenly. tpe or nsga2:
        --trials of them that Optuna chooses by what came of the earlier ones.
    trials
        How many variants a sample or a search has.
    where
        Conditions that a variant must meet: "fast_period < slow_period / 2" "stop_value < take_value".
    by
        What to order by: consistency (how steadily it would have grown, resampled), growth_low (the worst percentile
        of the same), calmar, deflated_sharpe (the probability that it is better than the luck of this sweep),
        total_return, max_drawdown (lowest first), sharpe, trades, or an expression: "sharpe - 2 * max_drawdown". Two of
        these, sharpe,max_drawdown, show what no other variant beats in both.
    prune
        With tpe: give up a variant whose first half of the range is below the median of those before it.
    seed
        Of samples and of resampled paths. The same seed scores a variant the same in every sweep.
    top
        How many variants to show.
    cluster
        Simulate on Ray: ray://host:port, or local, which starts it here. The result is the same to the byte.
    as_json
        Print one JSON object.
    """
    from karat.app.backtest_commands import say_compiling
    from karat.app.check_markets import check_markets
    from karat.app.check_store import ensure_checked
    from karat.app.sweep_views import show_sweep, sweep_json
    from karat.bots.system_clock import SystemClock
    from karat.research.backtest_policy import pairs
    from karat.research.ledger.told import tried_by_sweep
    from karat.research.ledger.trials import TrialLedger
    from karat.research.sweeps.conditions import Condition
    from karat.research.sweeps.grid import parse_grid
    from karat.research.sweeps.job import Choice
    from karat.strategies import find_strategy

    _check_choices(by, top)
    found = find_strategy(strategy)
    axes = parse_grid(found, pairs(grid, "--grid"), pairs(policy_grid, "--policy-grid"), pairs(set_, "--set"))
    rules, charged = _policy(policy, policy_grid, costs)
    data = _before_its_vault(market_id(market), timeframe_ms(timeframe), (from_, to), found.needs, min_coverage)
    say_compiling()
    ensure_checked(found, partial(check_markets, needs=found.needs))
    choice = Choice(_sampler(sampler), trials, seed, tuple(map(Condition, where)), by, prune)
    result, folder = _swept(data, found, axes, rules, choice, cluster)
    TrialLedger().record_trials(found, tried_by_sweep(result, data, rules), SystemClock().now_ms())
    if as_json:
        return show_json({**sweep_json(result, data, charged, by, top), "sweep": folder.id})
    show_sweep(result, data, charged, by, top)
    return show(f"Kept as sweep {folder.id}, every variant in {folder.folder / 'parts'}.")


def list_sweeps(*, as_json: Json = False) -> None:
    """List the sweeps that are kept, and how far each is.

    Parameters
    ----------
    as_json
        Print one JSON list.
    """
    from rich.table import Table

    from karat.research.sweeps.store import ROWS_A_PART, kept_sweeps

    rows = [
        {
            "sweep": one.id, "strategy": one.spec["strategy"], "market": one.spec["market"],
            "timeframe": one.spec["timeframe"], "sampler": one.spec["sampler"], "variants": one.spec["variants"],
            "kept": min(one.parts() * ROWS_A_PART, one.spec["variants"]), "finished": one.finished() is not None,
        }
        for one in kept_sweeps()
    ]  # fmt: skip
    if as_json:
        show_json(rows)
        return
    if not rows:
        say(f"No sweep is kept under {karat_home()}. Make one: karat sweep STRATEGY.")
        return
    table = Table("sweep", "strategy", "market", "timeframe", "sampler", "variants", "kept", "state")
    for row in rows:
        *words, variants, kept, finished = row.values()
        table.add_row(*words, f"{variants:,}", f"{kept:,}", "finished" if finished else "to be gone on with")
    show(table)


def _swept(
    data: MarketData, strategy: Strategy, grid: SweepGrid, policy: Policy, choice: Choice, cluster: str | None
) -> tuple[Sweep, SweepFolder]:
    """Run or go on with a sweep, with its pace on the terminal."""
    from karat.app.cluster import cluster_of
    from karat.research.sweeps.job import kept_sweep
    from karat.research.sweeps.study import led_sweep

    candles = data.candles
    with (
        cluster_of(cluster, choice.sampler) as executor,
        progress(f"{strategy.name} on {candles.market}, {len(candles):,} bars") as line,
    ):
        run = led_sweep if choice.sampler.leads else partial(kept_sweep, executor=executor)
        return run(data, strategy, grid, policy, choice, progress=Pace(line.update) if line else None)


class Pace:
    """Tells a person how far a sweep is, how fast, and for how long it will still run."""

    def __init__(self, update: Callable[[str], None]) -> None:
        self._update = update
        self._began, self._done = time.monotonic(), 0

    def __call__(self, done: int, of: int) -> None:
        self._done += done
        rate = self._done / max(time.monotonic() - self._began, 1e-9)
        left = (of - self._done) / rate
        self._update(f"{self._done:,} of {of:,} variants, {rate:,.0f} a second, {left:,.0f} s left")


def _sampler(name: str) -> Sampler:
    from karat.research.sweeps.choice import Sampler

    known = [one.value for one in Sampler]
    if name not in known:
        raise InputError("unknown_sampler", f"There is no sampler '{name}'.", f"Choose {', '.join(known)}.")
    return Sampler(name)


def _before_its_vault(
    market: MarketId, timeframe_ms: int, span: tuple[str | None, str | None], needs: tuple[str, ...],
    min_coverage: float | None,
) -> MarketData:  # fmt: skip
    from karat.lake.store import open_lake
    from karat.research.backtest_market import market_data
    from karat.research.sweeps.sweep import before_vault, refuse_old_vault

    lake, (start, end) = open_lake(), (None if text is None else parse_time_ms(text) for text in span)
    until = before_vault(end, lake.entry(market, timeframe_ms).vault_start_ts)
    data = market_data(lake, market, timeframe_ms, start, until, needs, coverage_min=min_coverage)
    refuse_old_vault(data)
    return data


def _check_choices(by: str, top: int) -> None:
    from karat.research.sweeps.objectives import objective_of

    objective_of(by, 0)  # raises where it is none
    if not 1 <= top <= _TOP_MAX:
        raise InputError("bad_count", f"--top {top} is out of range.", f"Choose 1 to {_TOP_MAX}.")


def _policy(policy: tuple[str, ...], policy_grid: tuple[str, ...], costs: str | None) -> tuple[Policy, str]:
    """The policy that every variant starts from (what stays, and the first value of what varies), and whose costs."""
    from karat.research.backtest import OWN_COSTS
    from karat.research.backtest_policy import pairs, policy_and_level
    from karat.research.sweeps.grid import values_of

    varied, fixed = pairs(policy_grid, "--policy-grid"), pairs(policy, "--policy")
    both = sorted(set(varied) & set(fixed))
    if both:
        raise InputError("bad_grid", f"{both[0]} is both fixed and varied.", "Give it to --policy or to --policy-grid.")
    starts = {name: values_of(text)[0] for name, text in varied.items()}
    rules, level = policy_and_level({**starts, **fixed}, costs)
    return (rules, OWN_COSTS) if level is None else (rules.with_costs(level), str(level))
