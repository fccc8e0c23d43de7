"""karat sweep: every combination of a grid, four figures each, with the number of trials beside the best."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from karat.app.console import say, show, show_json
from karat.core.errors import InputError
from karat.core.home import karat_home

if TYPE_CHECKING:
    from karat.app.sweep_work import SweepWork
    from karat.core.model.policy import Policy
    from karat.research.backtest import MarketData
    from karat.research.sweeps.choice import Sampler
    from karat.research.sweeps.grid import SweepGrid
    from karat.research.sweeps.job import Choice
    from karat.strategies import Strategy

Pairs = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]
Names = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]
Json = Annotated[bool, Parameter(name="--json", negative="")]
_TOP_MAX = 1000


def sweep_command(
    strategy: str,
    *,
    market: Names,
    timeframe: Names,
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
    report: Path | None = None,
    cluster: str | None = None,
    as_json: Json = False,
) -> None:
    """Simulate every combination of a grid, or a sample of them, on each market. The vault of none is ever read.

    Several markets and timeframes are a sweep each, of the same variants; then those of one timeframe are pooled.
    What is simulated is kept part by part: killed, or stopped with Ctrl-C, the same command goes on where it was.

    Parameters
    ----------
    strategy
        As karat strategies list names it.
    market
        venue:SYMBOL, for example binance_perp:BTCUSDT; several are pooled by the median over them.
    timeframe
        For example 15m, 1h or 1d; or several.
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
    report
        Write a page with plateaus and heat maps to this HTML file; of several markets a page each, and each pool's.
    cluster
        Simulate on Ray: ray://host:port, or local, which starts it here. The result is the same to the byte.
    as_json
        Print one JSON object.
    """
    from karat.app.backtest_commands import say_compiling
    from karat.app.check_markets import check_markets
    from karat.app.check_store import ensure_checked
    from karat.app.cluster import cluster_of
    from karat.app.sweep_reports import report_paths
    from karat.app.sweep_several import sweep_several
    from karat.app.sweep_work import SweepWork, check_all, targets_of
    from karat.strategies import find_strategy

    _check_choices(by, top)
    found, targets = find_strategy(strategy), targets_of(market, timeframe)
    axes, (rules, charged) = _axes(found, grid, policy_grid, set_), _policy(policy, policy_grid, costs)
    choice = _choice(sampler, trials, seed, where, by, prune=prune)
    work = SweepWork(found, axes, rules, charged, choice, (from_, to), min_coverage)
    paths = report_paths(report, targets)
    data = work.data(targets[0]) if len(targets) == 1 else None
    say_compiling()
    if data is None:
        check_all(work, targets)
    ensure_checked(found, partial(check_markets, needs=found.needs))
    with cluster_of(cluster, choice.sampler) as executor:
        work = replace(work, executor=executor)
        if data is None:
            return sweep_several(work, targets, top, paths, as_json=as_json)
        return _sweep_one(work, data, top, report, as_json=as_json)


def _sweep_one(work: SweepWork, data: MarketData, top: int, report: Path | None, *, as_json: bool) -> None:
    from karat.app.job_work import job
    from karat.app.sweep_reports import write_page_of
    from karat.app.sweep_views import show_sweep, sweep_json

    with job("sweep", work.words(data), "variants") as told:
        result, folder = work.swept(data, told)
        told.result(folder.id)
    by = work.choice.by
    if report is not None:
        write_page_of(folder, by, report)
    if as_json:
        show_json({**sweep_json(result, data, work.costs, by, top), "sweep": folder.id})
    else:
        show_sweep(result, data, work.costs, by, top)
        show(f"Kept as sweep {folder.id}, every variant in {folder.folder / 'parts'}.")


def list_sweeps(
    sweep: str | None = None, *, report: Path | None = None, by: str | None = None, as_json: Json = False
) -> None:
    """List the sweeps that are kept, and how far each is; or write the page of one.

    Parameters
    ----------
    sweep
        With --report: a sweep's id, its beginning, or last.
    report
        Write the page of that sweep to this HTML file.
    by
        With --report: what the page orders by; what the sweep was made for, or sharpe, when left out.
    as_json
        Print one JSON list.
    """
    from rich.table import Table

    from karat.app.sweep_reports import report_kept
    from karat.research.sweeps.store import ROWS_A_PART, kept_sweeps

    if sweep is not None or report is not None or by is not None:
        report_kept(sweep, report, by, as_json=as_json)
        return
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


def _axes(strategy: Strategy, grid: tuple[str, ...], policy_grid: tuple[str, ...], fixed: tuple[str, ...]) -> SweepGrid:
    from karat.research.backtest_policy import pairs
    from karat.research.sweeps.grid import parse_grid

    return parse_grid(strategy, pairs(grid, "--grid"), pairs(policy_grid, "--policy-grid"), pairs(fixed, "--set"))


def _choice(sampler: str, trials: int | None, seed: int, where: tuple[str, ...], by: str, *, prune: bool) -> Choice:
    from karat.research.sweeps.conditions import Condition
    from karat.research.sweeps.job import Choice

    return Choice(_sampler(sampler), trials, seed, tuple(map(Condition, where)), by, prune)


def _sampler(name: str) -> Sampler:
    from karat.research.sweeps.choice import Sampler

    known = [one.value for one in Sampler]
    if name not in known:
        raise InputError("unknown_sampler", f"There is no sampler '{name}'.", f"Choose {', '.join(known)}.")
    return Sampler(name)


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
