"""karat data sql: ask the lake in SQL."""

from __future__ import annotations

import csv
import math
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from karat.app.console import mistyped, say, show, show_json, undefined
from karat.core.home import karat_home
from karat.lake.sql import Answer, answered
from karat.lake.sql_sources import ColdSource, HotSource

_ROWS_SHOWN = 50


def query_data(
    statement: str,
    *,
    cold: Path | None = None,
    as_csv: Annotated[bool, Parameter(name="--csv", negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Run one SELECT over the lake. `SELECT * FROM series` lists what there is.

    Parameters
    ----------
    statement
        SQL as DuckDB speaks it. Views: series, candles, mark, funding, every kind of table, and one for each series.
    cold
        Ask a lake that was pushed to this folder instead.
    as_csv
        Print every row as CSV.
    as_json
        Print one JSON object: columns, types and rows.
    """
    if as_csv and as_json:
        raise mistyped("--csv and --json cannot both be.", "Choose one.")
    source = HotSource(karat_home() / "lake") if cold is None else ColdSource(cold.expanduser().absolute())
    with answered(source, statement) as answer:
        if as_json:
            rows = [[_json_value(value) for value in row] for row in answer.rows]
            show_json({"columns": answer.columns, "types": answer.types, "rows": rows})
        elif as_csv:
            _write_csv(answer)
        else:
            _show_rows(answer)


def _write_csv(answer: Answer) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(answer.columns)
    for row in answer.rows:
        out.writerow("" if value is None else _plain(value) for value in row)


def _show_rows(answer: Answer) -> None:
    from rich.table import Table

    table = Table(*answer.columns)
    for row in islice(answer.rows, _ROWS_SHOWN):
        table.add_row(*("" if value is None else str(_plain(value)) for value in row))
    show(table)
    if next(answer.rows, None) is not None:
        say(f"Only the first {_ROWS_SHOWN} rows are shown; --csv and --json give all.")


def _json_value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return undefined("not a number" if math.isnan(value) else "infinite")
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list | tuple):
        return [_json_value(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _json_value(one) for key, one in value.items()}
    return value if isinstance(value, str | int | float | None) else str(_plain(value))


def _plain(value: Any) -> Any:
    """Times as ISO 8601, bytes as hexadecimal digits."""
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return value.hex() if isinstance(value, bytes) else value
