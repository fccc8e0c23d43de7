"""karat backtest --fleet: several bots and one capital, run by the runtime itself on a virtual clock."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from karat.app.console import progress, say, show, show_json
from karat.core.errors import InputError

if TYPE_CHECKING:
    from karat.strategies import Strategy, Values


def fleet_backtest(file: Path, report: Path | None, *, as_json: bool) -> None:
    """Run the fleet of `file`, count its trials, show it. Raises InputError `bad_fleet` and what its parts raise."""
    from karat.app.check_markets import check_markets
    from karat.app.check_store import ensure_checked
    from karat.bots.system_clock import SystemClock
    from karat.bots.workers.settings import WorkerSettings
    from karat.bots.workers.voices import Voices
    from karat.control.fleet.plan import read_plan
    from karat.control.fleet.result import fleet_result
    from karat.control.fleet.run import fleet_ground, run_fleet
    from karat.control.fleet.told import fleet_json
    from karat.control.fleet.trials import count_trials
    from karat.lake.store import open_lake
    from karat.strategies import find_strategy

    plan = read_plan(_text_of(file))
    if report is not None:
        from karat.research.report import check_report_path

        check_report_path(report)
    ground = fleet_ground(plan, open_lake())
    for name in dict.fromkeys(bot.strategy for bot in plan.bots):
        found = find_strategy(name)
        ensure_checked(found, partial(check_markets, needs=found.needs))
    bars = sum(len(one.candles) for one in ground.data.values())
    with progress(f"{len(plan.bots)} bots, {bars:,} bars"):
        run = run_fleet(ground, _is_proved, Voices(WorkerSettings()))
        try:
            result = fleet_result(run)
            count_trials(run, result, SystemClock().now_ms())
            told = fleet_json(run, result)
        finally:
            run.journal.close()
    if report is not None:
        from karat.control.fleet.page import fleet_page
        from karat.research.report.write import write_text

        write_text(report, fleet_page(run, result, told["manifest"]))
        say(f"Report: {report}")
    if as_json:
        show_json(told)
    else:
        from karat.control.fleet.view import fleet_view

        show(fleet_view(run, result))


def _is_proved(strategy: Strategy, values: Values) -> bool:
    """Whether the signals of the whole range may be read: the code, as it is now, has passed its check."""
    from karat.app.check_store import stored_report
    from karat.strategies.registry import is_builtin

    report = stored_report(strategy)
    return is_builtin(strategy.name) or (report is not None and report.passed)


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("bad_fleet", f"{file} cannot be read: {error}.", "Name a TOML file.") from error
