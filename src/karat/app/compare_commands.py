"""karat data compare: do stored bars equal the same bars built from finer ones?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import say, show, show_json
from karat.core.ids import market_id
from karat.core.time import iso, timeframe_text

if TYPE_CHECKING:
    from karat.ingest.compare import Comparison

_LISTED = 20


def compare_data(market: str, *, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> None:
    """Compare stored bars with the same bars built from finer stored ones, and list what differs.

    Parameters
    ----------
    market
        venue:SYMBOL, with at least two timeframes in the lake.
    as_json
        Print one JSON object, with every difference.
    """
    from karat.ingest.compare import compare_stored
    from karat.lake.store import open_lake

    found = compare_stored(open_lake(), market_id(market))
    if as_json:
        show_json({"market": market, "comparisons": [_json(one) for one in found]})
    else:
        _show(found)


def _show(found: list[Comparison]) -> None:
    from rich.table import Table

    summary = Table("timeframe", "built from", "bars in both", "equal", "only stored", "only built")
    for one in found:
        numbers = (one.common, one.common - one.bars_that_differ, one.only_native, one.only_built)
        summary.add_row(
            timeframe_text(one.timeframe_ms), timeframe_text(one.finer_ms), *(str(number) for number in numbers)
        )
    show(summary)
    rows = [(one, difference) for one in found for difference in one.differences]
    if not rows:
        return
    table = Table("timeframe", "built from", "bar", "column", "stored", "built")
    for one, difference in rows[:_LISTED]:
        table.add_row(
            timeframe_text(one.timeframe_ms),
            timeframe_text(one.finer_ms),
            iso(difference.ts),
            difference.column,
            f"{difference.native:.10g}",
            f"{difference.built:.10g}",
        )
    show(table)
    if len(rows) > _LISTED:
        say(f"{len(rows) - _LISTED} more differences: --json lists all.")


def _json(one: Comparison) -> dict[str, Any]:
    return {
        "timeframe": timeframe_text(one.timeframe_ms),
        "built_from": timeframe_text(one.finer_ms),
        "bars": one.common,
        "differ": one.bars_that_differ,
        "only_stored": one.only_native,
        "only_built": one.only_built,
        "differences": [
            {"ts": each.ts, "column": each.column, "stored": each.native, "built": each.built}
            for each in one.differences
        ],
    }
