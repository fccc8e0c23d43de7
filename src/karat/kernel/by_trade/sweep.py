"""Many plain runs over one market: many policies over one set of signals, or one policy over many."""

from __future__ import annotations

from typing import Any

from karat.core.compiled import borrowing
from karat.kernel.by_trade.ground import find_events, track_of
from karat.kernel.by_trade.marking import bare_sheet, marks_of
from karat.kernel.by_trade.positions import begun, step
from karat.kernel.columns import rules_of
from karat.kernel.sweep import figures_of_marks


@borrowing
def write_figures(
    rules: Any, features: Any, track: Any, sheet: Any, days_per_year: float, daily: Any, out: Any
) -> None:
    """Run one policy on one track and write its `FIGURES`."""
    run = begun()
    while run.bar < track.bars:
        run = step(rules, features, track, sheet, run)
    marks = marks_of(rules.capital, track, daily, sheet, run.spans)
    out[0], out[1], out[2], out[3] = figures_of_marks(rules.capital, marks, run.money, days_per_year, daily)


@borrowing
def sweep_rows_by_trade(
    rows: Any, features: Any, bars: Any, ground: Any, signal: Any, events: Any, sheet: Any,
    days_per_year: float, daily: Any, out: Any,
) -> None:  # fmt: skip
    """`sweep.sweep_rows` for plain policies.

    `sheet` is room for one run at a time (`marking.sheet_of`); a thread needs one of its own.
    """
    spans = bare_sheet(sheet)
    track = track_of(bars, ground, signal.code, signal.confidence, events)
    for row in range(len(rows)):
        rules = rules_of(rows[row])
        write_figures(rules, features, track, spans, days_per_year, daily[row], out[row])


@borrowing
def sweep_codes_by_trade(
    codes: Any, confidences: Any, row: Any, features: Any, bars: Any, ground: Any, events: Any, sheet: Any,
    days_per_year: float, daily: Any, out: Any,
) -> None:  # fmt: skip
    """`sweep.sweep_codes` for a plain policy. `events` and `sheet` are room, as above."""
    spans = bare_sheet(sheet)
    rules = rules_of(row)
    for variant in range(len(codes)):
        find_events(codes[variant], events)
        track = track_of(bars, ground, codes[variant], confidences[variant], events)
        write_figures(rules, features, track, spans, days_per_year, daily[variant], out[variant])
