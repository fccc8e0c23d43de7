"""karat data status: how fresh the data is, the sums first, then what is worst."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import say, show, show_json, undefined
from karat.core.home import karat_home
from karat.core.time import DAY_MS, HOUR_MS, MINUTE_MS, iso
from karat.ports.cockpit import Undefined
from karat.ports.data_desk import DataView, Freshness, Group, GroupCount, SourceRow

if TYPE_CHECKING:
    from rich.table import Table

Json = Annotated[bool, Parameter(name="--json", negative="")]
Everything = Annotated[bool, Parameter(name="--all", negative="")]
_LINES_SHOWN = 20
_NAMES_SHOWN = 3
_STYLES = {
    Freshness.DAMAGED: "red",
    Freshness.MISSING: "red",
    Freshness.FAILED: "red",
    Freshness.STALE: "magenta",
    Freshness.LATE: "yellow",
    Freshness.UNKNOWN: "dim",
    Freshness.FRESH: "green",
}


def data_status(*, everything: Everything = False, as_json: Json = False) -> None:
    """Show how fresh the data is: what is missing, failed or stale, and what is only late, the worst first.

    Parameters
    ----------
    everything
        A line for every series, fresh ones too, with coverage and score.
    as_json
        Print one JSON object with every series.
    """
    from karat.app.data_desk import open_desk

    view = open_desk().look()
    if as_json:
        show_json(view_json(view))
        return
    if all(row.state is Freshness.MISSING for row in view.rows):
        say(f"The lake under {karat_home()} is empty. Fill it: karat data download MARKET, or karat data import PATH.")
    for line in sums(view):
        show(line)
    if everything:
        show(_every_series(view.rows))
    else:
        _show_worst(view.rows)


def view_json(view: DataView) -> dict[str, Any]:
    """The whole view (json.md)."""
    return {
        "at": view.at_ts,
        "markets": view.markets,
        "timeframes": view.timeframes,
        "counts": [{**asdict(one), "group": one.group.value} for one in view.counts],
        "series": [_row_json(row) for row in view.rows],
    }


def sums(view: DataView) -> list[str]:
    """A line for each group: how many series, and how many in each state, the worst first."""
    heads = {
        Group.CANDLES: f"{_counted(view.markets, 'market')}, {_counted(view.timeframes, 'timeframe')}",
        Group.OTHER: "{} beside candles",
        Group.STREAMS: "{} streamed",
    }
    return [f"{heads[one.group].format(f'{one.series:,}')}: {_states(one)}" for one in view.counts]


def _states(count: GroupCount) -> str:
    told = [(state, getattr(count, state.value)) for state in Freshness]
    return ", ".join(f"[{_STYLES[state]}]{amount:,} {state.value}[/]" for state, amount in told if amount)


def _show_worst(rows: Sequence[SourceRow]) -> None:
    """One line for series that stand alike."""
    alike: dict[tuple[str, ...], list[SourceRow]] = {}
    for row in rows:
        if row.state is not Freshness.FRESH:
            alike.setdefault(_kinship(row), []).append(row)
    if not alike:
        say("Nothing is missing or late.")
        return
    from rich.table import Table

    table = Table("state", "source", "what", "series", "newest until", "age", "why")
    for own in list(alike.values())[:_LINES_SHOWN]:
        oldest = max(own, key=lambda row: row.age_ms if isinstance(row.age_ms, int) else 0)
        first = own[0]
        table.add_row(
            _state(first), first.source, _what(own), _names(own), _until(oldest), _age(oldest), first.reason
        )  # fmt: skip
    show(table)
    more = len(alike) - _LINES_SHOWN
    if more > 0:
        show(f"and {_counted(more, 'line')} more")
    show("Every series: karat data status --all")


def _kinship(row: SourceRow) -> tuple[str, ...]:
    """What rows have in common that are told in one line."""
    timeframe = row.timeframe if row.group is Group.CANDLES else ""
    return row.state.value, row.source, row.group.value, timeframe, row.reason


def _what(rows: Sequence[SourceRow]) -> str:
    kinds = dict.fromkeys(_kind(row) for row in rows)
    return next(iter(kinds)) if len(kinds) == 1 else f"{len(kinds)} kinds"


def _names(rows: Sequence[SourceRow]) -> str:
    names = list(dict.fromkeys(row.series for row in rows))
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more


def _every_series(rows: Iterable[SourceRow]) -> Table:
    from rich.table import Table

    table = Table("state", "source", "series", "what", "newest until", "age", "allowed", "coverage", "score", "why")
    for row in rows:
        coverage = "" if isinstance(row.coverage, Undefined) else f"{row.coverage:.2%}"
        score = "" if isinstance(row.score, Undefined) else f"{row.score:g}"
        allowed = _span(row.limit_ms) if row.limit_ms else ""
        table.add_row(
            _state(row), row.source, row.series, _kind(row), _until(row), _age(row), allowed, coverage, score,
            row.reason or ", ".join(row.faults),
        )  # fmt: skip
    return table


def _row_json(row: SourceRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in SourceRow.__slots__}
    told = {name: undefined(value.reason) if isinstance(value, Undefined) else value for name, value in values.items()}
    return {**told, "state": row.state.value, "group": row.group.value, "faults": list(row.faults)}


def _state(row: SourceRow) -> str:
    return f"[{_STYLES[row.state]}]{row.state.value}[/]"


def _kind(row: SourceRow) -> str:
    return f"{row.timeframe} {row.kind}".strip()


def _until(row: SourceRow) -> str:
    return "never" if isinstance(row.last_ts, Undefined) else iso(row.last_ts // 1000 * 1000)


def _age(row: SourceRow) -> str:
    return "" if isinstance(row.age_ms, Undefined) else _span(row.age_ms)


def _span(milliseconds: int) -> str:
    for unit, name in ((2 * DAY_MS, "d"), (2 * HOUR_MS, "h"), (2 * MINUTE_MS, "min")):
        if abs(milliseconds) >= unit:
            return f"{milliseconds // {'d': DAY_MS, 'h': HOUR_MS, 'min': MINUTE_MS}[name]} {name}"
    return f"{milliseconds // 1000} s"


def _counted(amount: int, one: str) -> str:
    return f"{amount:,} {one}" if amount == 1 else f"{amount:,} {one}s"
