"""karat backtest and karat explain: what a strategy would have done, and one of its trades checked by hand."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import mistyped, progress, say, show, show_json
from karat.core.compiled import PLAIN, kernel_cache_dir
from karat.core.ids import market_id
from karat.core.time import parse_time_ms, timeframe_ms

if TYPE_CHECKING:
    from karat.research.backtest import Backtest
    from karat.research.run_store import StoredRun

Json = Annotated[bool, Parameter(name="--json", negative="")]
Pairs = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]
_COMPILE_SECONDS = 30
_COMPILED_SIMULATION = "kernel_*/loop.simulate-*.nbi"  # numba's index of what it compiled of karat.kernel.loop
EXIT_NOT_REPRODUCED = 1


def backtest_command(
    strategy: str | None = None,
    *,
    market: str | None = None,
    timeframe: str | None = None,
    fleet: Path | None = None,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    set_: Annotated[Pairs, Parameter(name="--set")] = (),
    policy: Pairs = (),
    costs: str | None = None,
    min_coverage: float | None = None,
    report: Path | None = None,
    as_json: Json = False,
) -> None:
    """Backtest a strategy on one market of the lake, at three levels of costs; the run is kept.

    Parameters
    ----------
    strategy
        As karat strategies list names it.
    market
        venue:SYMBOL, for example binance_perp:BTCUSDT.
    timeframe
        For example 15m, 1h or 1d.
    from_
        First bar, for example 2024-01-31 or 2024-01-31T12:00:00Z; the first there is when left out.
    to
        The run ends before this time; at the last bar there is when left out.
    set_
        Parameters of the strategy: fast_period=10 slow_period=40.
    policy
        Fields of the policy: stop_mode=fraction stop_value=0.02; a limit is taken away with off.
    costs
        The level that trades and equity show: base, pessimistic (when left out) or brutal.
    min_coverage
        Refuse data that has less than this share of its bars; 0.99 when left out. What is let through is recorded.
    report
        Write the report to this HTML file.
    as_json
        Print one JSON object.
    fleet
        Run the bots of this TOML file together, on one capital; of the other options only --report and --json go with
        it.
    """
    if fleet is not None:
        from karat.app.fleet_commands import fleet_backtest

        if strategy or market or timeframe or from_ or to or set_ or policy or costs or min_coverage is not None:
            raise mistyped("--fleet says everything in its file.", "Leave out all but --report and --json.")
        fleet_backtest(fleet, report, as_json=as_json)
        return
    if strategy is None or market is None or timeframe is None:
        raise mistyped("A backtest needs STRATEGY, --market and --timeframe.", "Or --fleet FILE.")
    from karat.app.check_markets import check_markets
    from karat.app.check_store import ensure_checked
    from karat.lake.store import open_lake
    from karat.research.backtest import backtest, fitting_signals
    from karat.research.backtest_market import market_data
    from karat.research.backtest_policy import pairs, policy_and_level
    from karat.research.manifest import manifest
    from karat.strategies import find_strategy, resolve

    found = find_strategy(strategy)
    values = resolve(found, pairs(set_, "--set"))
    rules, level = policy_and_level(pairs(policy, "--policy"), costs)
    start, end = (None if text is None else parse_time_ms(text) for text in (from_, to))
    _check_report(report)
    data = market_data(
        open_lake(), market_id(market), timeframe_ms(timeframe), start, end, found.needs, coverage_min=min_coverage
    )
    say_compiling()
    signals = fitting_signals(data, found, values, rules)
    checked = ensure_checked(found, partial(check_markets, needs=found.needs))
    with progress(f"{found.name} on {market}, {len(data.candles):,} bars"):
        result = backtest(data, found, values, rules, level, signals)
        told = manifest(result, tuple(checked.datasets))
        kept = _keep(result, told)
    _write_report(result, told, kept, report)
    (_print_json if as_json else _print_summary)(result, told, kept)


def _check_report(report: Path | None) -> None:
    """A report that cannot be written is refused before the work."""
    if report is not None:
        from karat.research.report import check_report_path

        check_report_path(report)


def explain_command(run: str, trade: int, *, as_json: Json = False) -> int:
    """Write one trade's arithmetic out, line by line, with the rule behind each line, and check it against the record.

    Parameters
    ----------
    run
        A run's id, its beginning, or last.
    trade
        The number of the trade, from 1.
    as_json
        Print one JSON object.
    """
    from karat.lake.store import open_lake
    from karat.research.explain import explain
    from karat.research.explain_view import explanation_json, explanation_view
    from karat.research.run_store import load_run

    explained = explain(load_run(run), open_lake(), trade)
    if as_json:
        show_json(explanation_json(explained))
    else:
        show(explanation_view(explained))
    if not explained.reproduced:
        say(f"THE ARITHMETIC DOES NOT REPRODUCE THE RECORD of trade {trade} in run {explained.run}. Please report it.")
    return 0 if explained.reproduced else EXIT_NOT_REPRODUCED


def say_compiling() -> None:
    """One line when the simulation is not compiled yet, because that takes its time, once."""
    if not PLAIN and not any(kernel_cache_dir().glob(_COMPILED_SIMULATION)):
        say(f"Compiling the kernel, once per version: about {_COMPILE_SECONDS} s.")


def _keep(result: Backtest, manifest: dict[str, Any]) -> StoredRun:
    """Count the trial, and the look into the vault if it is one, before the run is kept and shown."""
    from karat.bots.system_clock import SystemClock
    from karat.research.ledger.told import tried_by_backtest
    from karat.research.ledger.trials import TrialLedger
    from karat.research.run_store import store_run

    ledger, tried, now_ms = TrialLedger(), tried_by_backtest(result, manifest), SystemClock().now_ms()
    ledger.record_trials(result.strategy, tried, now_ms)
    if manifest["vault"]["looked"]:
        ledger.record_look(result.strategy, tried, now_ms)
    return store_run(result, manifest)


def _write_report(result: Backtest, manifest: dict[str, Any], kept: StoredRun, path: Path | None) -> None:
    if path is None:
        return
    from karat.research.report import write_report

    write_report(result, manifest, kept.id, path)
    say(f"Report: {path}")


def _print_json(result: Backtest, manifest: dict[str, Any], kept: StoredRun) -> None:
    from karat.research.json_form import backtest_json
    from karat.research.run_store import equity_path

    show_json({**backtest_json(result, manifest, equity_path(kept)), "run": kept.id})


def _print_summary(result: Backtest, manifest: dict[str, Any], kept: StoredRun) -> None:
    from karat.research.summary_view import summary_view

    show(summary_view(result, manifest, kept.id))
