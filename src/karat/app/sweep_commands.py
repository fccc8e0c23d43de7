"""karat sweep: every combination of a grid, four figures each, with the number of trials beside the best."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import progress, show, show_json, undefined
from karat.core.errors import InputError
from karat.core.ids import MarketId, market_id
from karat.core.time import iso, parse_time_ms, timeframe_ms, timeframe_text

if TYPE_CHECKING:
    from karat.core.model.policy import Policy
    from karat.research.backtest import MarketData
    from karat.research.sweep import Sweep

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
    by: str = "consistency",
    seed: int = 0,
    top: int = 10,
    as_json: Json = False,
) -> None:
    """Simulate every combination of a grid on one market. The last fifth of the market, its vault, is never read.

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
    by
        What to order by: consistency (how steadily it would have grown, resampled), total_return, max_drawdown,
        sharpe or trades.
    seed
        Of the resampled paths. The same seed scores a variant the same in every sweep.
    top
        How many variants to show.
    as_json
        Print one JSON object.
    """
    from karat.app.backtest_commands import say_compiling
    from karat.app.check_markets import check_markets
    from karat.app.check_store import ensure_checked
    from karat.bots.system_clock import SystemClock
    from karat.research.backtest_policy import pairs
    from karat.research.ledger.told import tried_by_sweep
    from karat.research.ledger.trials import TrialLedger
    from karat.research.sweep import sweep
    from karat.research.sweep_grid import parse_grid
    from karat.research.sweep_objective import Consistency
    from karat.strategies import find_strategy

    _check_choices(by, top)
    found = find_strategy(strategy)
    axes = parse_grid(found, pairs(grid, "--grid"), pairs(policy_grid, "--policy-grid"), pairs(set_, "--set"))
    rules, charged = _policy(policy, policy_grid, costs)
    span = [None if text is None else parse_time_ms(text) for text in (from_, to)]
    data = _before_its_vault(market_id(market), timeframe_ms(timeframe), *span, found.needs, min_coverage)
    say_compiling()
    ensure_checked(found, partial(check_markets, needs=found.needs))
    objective = Consistency(seed) if by == "consistency" else None
    with progress(f"{axes.variants:,} variants of {found.name} on {market}, {len(data.candles):,} bars"):
        result = sweep(data, found, axes, rules, objective=objective, sketched=True)
    TrialLedger().record_trials(found, tried_by_sweep(result, data, rules), SystemClock().now_ms())
    if as_json:
        show_json(_json(result, data, charged, by, top))
    else:
        _print(result, data, charged, by, top)


def _before_its_vault(
    market: MarketId, timeframe_ms: int, start: int | None, end: int | None, needs: tuple[str, ...],
    min_coverage: float | None,
) -> MarketData:  # fmt: skip
    from karat.lake.store import open_lake
    from karat.research.backtest_market import market_data
    from karat.research.sweep import before_vault, refuse_old_vault

    lake = open_lake()
    until = before_vault(end, lake.entry(market, timeframe_ms).vault_start_ts)
    data = market_data(lake, market, timeframe_ms, start, until, needs, coverage_min=min_coverage)
    refuse_old_vault(data)
    return data


def _check_choices(by: str, top: int) -> None:
    from karat.research.sweep import ORDERS

    if by not in ORDERS:
        raise InputError("unknown_figure", f"There is no figure '{by}'.", f"Choose {', '.join(ORDERS)}.")
    if not 1 <= top <= _TOP_MAX:
        raise InputError("bad_count", f"--top {top} is out of range.", f"Choose 1 to {_TOP_MAX}.")


def _policy(policy: tuple[str, ...], policy_grid: tuple[str, ...], costs: str | None) -> tuple[Policy, str]:
    """The policy that every variant starts from (what stays, and the first value of what varies), and whose costs."""
    from karat.research.backtest import OWN_COSTS
    from karat.research.backtest_policy import pairs, policy_and_level
    from karat.research.sweep_grid import values_of

    varied, fixed = pairs(policy_grid, "--policy-grid"), pairs(policy, "--policy")
    both = sorted(set(varied) & set(fixed))
    if both:
        raise InputError("bad_grid", f"{both[0]} is both fixed and varied.", "Give it to --policy or to --policy-grid.")
    starts = {name: values_of(text)[0] for name, text in varied.items()}
    rules, level = policy_and_level({**starts, **fixed}, costs)
    return (rules, OWN_COSTS) if level is None else (rules.with_costs(level), str(level))


def _print(result: Sweep, data: MarketData, costs: str, by: str, top: int) -> None:
    from rich.table import Table

    from karat.kernel.sweep import FIGURES
    from karat.research.adjusted_prices import adjustment_json, adjustment_words
    from karat.research.manifest import data_quality
    from karat.research.sweep_objective import SCORES

    candles = data.candles
    last = int(candles.ts[-1]) + candles.timeframe_ms
    label = "SIMULATED DATA. " if data.entry.quality.simulated else ""
    assumed = "assumed" if data.instrument.assumed else "known"
    show(
        f"{label}{candles.market} {timeframe_text(candles.timeframe_ms)}, {iso(int(candles.ts[0]))} to {iso(last)},"
        f" before its vault. Costs {costs}. Instrument {assumed}."
    )
    quality = data_quality(data)
    show(f"Data quality {quality['score']:g} of 100, {quality['coverage']['share']:.2%} of the bars are there.")
    for told in adjustment_json(data.adjustment, int(candles.ts[0])).values():
        show(f"Prices: {adjustment_words(told)}.")
    table = Table()
    names = list(result.grid.variant(0))
    scores = SCORES if len(result.scores) else ()
    for head in ("variant", *names, *scores, *FIGURES):
        table.add_column(head.replace("_", " "), justify="right")
    for k in result.best(top, by):
        given = result.grid.variant(k)
        scored = [f"{value:+.2%}" for value in result.scores[k]] if scores else []
        table.add_row(str(k), *(_shown(given[name]) for name in names), *scored, *_figures(result, k))
    show(table)
    skipped = (
        f" {result.skipped:,} combinations contradict themselves and were not simulated." if result.skipped else ""
    )
    if scores:
        show(_scored(result))
    show(f"{result.trials:,} trials were made to find these: the best of many is partly luck.{skipped}")


def _scored(result: Sweep) -> str:
    from karat.research.sweep_objective import Consistency

    rule = Consistency()
    return (
        f"Growth is that of {rule.window_days} of its days drawn again, made annual: {rule.paths} times for each"
        f" variant, {rule.best_paths:,} times for the best {len(result.refined):,}. Low and high are the 1st and 99th"
        f" percentile; consistency is the middle less {rule.penalty:g} times what lies between them."
    )


def _shown(value: Any) -> str:
    return value.name.lower() if hasattr(value, "name") else f"{value:g}" if isinstance(value, float) else str(value)


def _figures(result: Sweep, k: int) -> tuple[str, str, str, str]:
    total, drawdown, sharpe, trades = (float(value) for value in result.figures[k])
    return f"{total:+.2%}", f"{drawdown:.2%}", "—" if sharpe != sharpe else f"{sharpe:.2f}", f"{trades:.0f}"


def _json(result: Sweep, data: MarketData, costs: str, by: str, top: int) -> dict[str, Any]:
    from karat.kernel.sweep import FIGURES
    from karat.research.adjusted_prices import adjustment_json
    from karat.research.data_gate import bars_hash
    from karat.research.manifest import data_quality
    from karat.research.sweep_objective import SCORES

    many = set(result.refined.tolist())

    def row(k: int) -> dict[str, Any]:
        figures = {
            name: float(value) if value == value else undefined("fewer than two days, or no deviation")
            for name, value in zip(FIGURES, result.figures[k], strict=True)
        }
        if len(result.scores):
            lost = undefined("it lost everything")
            scored = zip(SCORES, result.scores[k], strict=True)
            figures |= {name: float(value) if value == value else lost for name, value in scored}
            figures |= {"scored_on_many_paths": k in many}
        return {"variant": k, "set": {name: _plain(value) for name, value in result.grid.variant(k).items()}, **figures}

    candles = data.candles
    return {
        "market": candles.market,
        "timeframe": timeframe_text(candles.timeframe_ms),
        "first": int(candles.ts[0]),
        "last": int(candles.ts[-1]),
        "data_hash": data.entry.hash,
        "bars_hash": bars_hash(candles, data.market.funding),
        "quality": data_quality(data),
        **adjustment_json(data.adjustment, int(candles.ts[0])),
        "simulated": data.entry.quality.simulated,
        "assumed": data.instrument.assumed,
        "cost_level": costs,
        "ordered_by": by,
        "variants": result.grid.variants,
        "trials": result.trials,
        "skipped": result.skipped,
        "best": [row(k) for k in result.best(top, by)],
    }


def _plain(value: Any) -> Any:
    if hasattr(value, "name"):
        return value.name.lower()
    return {"undefined": "off"} if isinstance(value, float) and value != value else value
