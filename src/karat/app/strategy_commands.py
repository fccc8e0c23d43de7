"""karat strategies: list what there is, show one, begin a new one, and prove that one sees no future."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter as Option

from karat.app.console import error_json, one_line, say, show, show_json
from karat.core.errors import EXIT_INPUT, InputError
from karat.strategies import Strategy, all_strategies, code_hash, find_strategy, resolve
from karat.strategies.registry import is_builtin, user_folder

if TYPE_CHECKING:
    from karat.strategies.check import CheckReport

Json = Annotated[bool, Option(name="--json", negative="")]
_HASH_DIGITS_SHOWN = 12


def new_strategy(name: str) -> None:
    """Write a working strategy file to begin with.

    Parameters
    ----------
    name
        Lower-case words joined by _, for example trend_pullback.
    """
    from karat.strategies.template import strategy_template

    source = strategy_template(name)
    folder = user_folder()
    file = folder / f"{name}.py"
    if is_builtin(name):
        raise InputError("duplicate_strategy", f"Karat ships a strategy '{name}'.", "Choose another name.")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(source)
    except FileExistsError as error:
        raise InputError("strategy_exists", f"{file} is already there.", "Choose another name, or edit it.") from error
    show(str(file))
    say(f"It works as it is. Change it, then: karat strategies check {name}")


def list_strategies(*, as_json: Json = False) -> None:
    """List every strategy: Karat's, yours, and those of installed packages.

    Parameters
    ----------
    as_json
        Print one JSON list.
    """
    found = all_strategies()
    for error in found.broken:
        say(one_line(error))
    if as_json:
        show_json([_strategy_json(strategy) for strategy in found.strategies])
    else:
        _show_list(found.strategies)


def show_strategy(name: str, *, as_json: Json = False) -> None:
    """Show one strategy: its hypothesis, parameters, inputs, and how its check stands.

    Parameters
    ----------
    name
        As karat strategies list names it.
    as_json
        Print one JSON object.
    """
    strategy = find_strategy(name)
    if as_json:
        show_json({**_strategy_json(strategy), "code_hash": code_hash(strategy)})
    else:
        _show_one(strategy)


def check_one(name: str, *, as_json: Json = False) -> int:
    """Prove that a strategy sees no future, keeps no state and makes no signal out of nothing; store the result.

    Parameters
    ----------
    name
        As karat strategies list names it.
    as_json
        Print one JSON object.
    """
    from karat.app.check_markets import check_markets
    from karat.app.check_store import failed, report_json, run_check

    found = find_strategy(name)
    report = run_check(found, partial(check_markets, needs=found.needs))
    if as_json:
        value = report_json(report)
        show_json(value if report.passed else {**value, "error": error_json(failed(report))})
    else:
        _show_report(report)
    return 0 if report.passed else EXIT_INPUT


def _strategy_json(strategy: Strategy) -> dict[str, Any]:
    return {
        "name": strategy.name,
        "family": strategy.family,
        "hypothesis": strategy.hypothesis.as_dict(),
        "parameters": [
            {
                "name": one.name,
                "default": one.default,
                "low": one.low,
                "high": one.high,
                "step": one.step,
                "unit": one.unit,
                "meaning": one.meaning,
            }
            for one in strategy.parameters
        ],
        "needs": list(strategy.needs),
        "warmup_bars": strategy.warmup_bars(resolve(strategy)),
        "verdicts": [],
        "check": _check_state(strategy),
    }


def _check_state(strategy: Strategy) -> str:
    from karat.app.check_store import stored_report

    report = stored_report(strategy)
    if report is None:
        return "not checked"
    return "passed" if report.passed else "failed"


def _show_list(strategies: tuple[Strategy, ...]) -> None:
    from rich.table import Table

    table = Table("name", "family", "parameters", "needs", "warm-up", "check")
    for strategy in strategies:
        parameters = ", ".join(f"{one.name} {_words(one.default)}" for one in strategy.parameters)
        warmup = str(strategy.warmup_bars(resolve(strategy)))
        needs = ", ".join(("candles", *strategy.needs))
        table.add_row(strategy.name, strategy.family, parameters or "none", needs, warmup, _check_state(strategy))
    show(table)


def _show_one(strategy: Strategy) -> None:
    from rich.console import Group
    from rich.markup import escape
    from rich.table import Table

    words = Table.grid(padding=(0, 2))
    for name, text in strategy.hypothesis.as_dict().items():
        words.add_row(f"[bold]{name}[/bold]", escape(text))
    words.add_row("[bold]needs[/bold]", ", ".join(("candles", *strategy.needs)))
    words.add_row("[bold]warm-up[/bold]", f"{strategy.warmup_bars(resolve(strategy))} bars with the defaults")
    words.add_row("[bold]code[/bold]", code_hash(strategy)[:_HASH_DIGITS_SHOWN])
    words.add_row("[bold]check[/bold]", _check_state(strategy))
    table = Table("parameter", "default", "from", "to", "step", "unit", "meaning")
    for one in strategy.parameters:
        numbers = (_words(value) for value in (one.default, one.low, one.high, one.step))
        table.add_row(one.name, *numbers, one.unit, one.meaning)
    show(Group(f"[bold]{strategy.name}[/bold], of family {strategy.family}", words, *([table] if table.rows else [])))


def _words(value: bool | int | float) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else f"{value:g}"


def _show_report(report: CheckReport) -> None:
    tried = f"{report.cuts} cuts on {len(report.datasets)} markets ({', '.join(report.datasets)})"
    if report.passed:
        show(f"{report.strategy} passed: {tried}.")
        carried = "yes, proved" if report.carried else f"no: {report.not_carried}"
        say(f"From carried state: {carried}.")
        return
    show(f"{report.strategy} did not pass: {len(report.findings)} findings, {tried}.")
    for finding in report.findings:
        say(f"  {finding.text()}")
