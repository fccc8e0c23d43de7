"""The pairs of a fleet on its page: a line for each, and its round trips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from karat.control.fleet.page_parts import panel, table_of
from karat.control.fleet.pair_result import PairResult, RoundTrip
from karat.control.fleet.result import FleetResult
from karat.core.model.candles import Floats
from karat.core.time import iso
from karat.research.report.figures import NOTHING, fixed, signed, tone
from karat.research.report.html import Content, Markup, tag

TRIPS_MAX = 200  # on the page, the newest; the JSON has them all
_MONEY = 2
_SIDES = {1: "long", -1: "short", 0: NOTHING}


def pair_panels(result: FleetResult) -> tuple[Markup, ...]:
    """None where the fleet has no pairs."""
    if not result.pairs:
        return ()
    return _lines(result.pairs), *(_trips(one) for one in result.pairs)


def _lines(pairs: Sequence[PairResult]) -> Markup:
    head = (
        "Pair", "Strategy", "First leg", "Second leg", "Capital", "Result", "First made", "Second made", "Round trips",
        "Won", "Gross", "Net", "Refused",
    )  # fmt: skip
    rows: list[Sequence[Content]] = []
    for one in pairs:
        first, second = (leg.equity[-1] - leg.record.policy.capital for leg in one.legs)
        rows.append(
            (
                one.name, one.strategy, *(leg.record.market for leg in one.legs), fixed(one.capital, _MONEY),
                _money(float(one.equity[-1]) - one.capital), _money(float(first)), _money(float(second)),
                f"{len(one.trips):,}", f"{sum(trip.result > 0.0 for trip in one.trips):,}", _most(one.gross),
                _most(np.abs(one.net)), f"{sum(one.refusals.values()):,}",
            )
        )  # fmt: skip
    note = "both legs together; gross and net at most, notional over the pair's equity"
    return panel("pairs", "Pairs", note, table_of(head, rows, numbers_from=4))


def _trips(pair: PairResult) -> Markup:
    name, heading = f"trips-{pair.name}", f"Round trips of {pair.name}"
    shown = pair.trips[-TRIPS_MAX:]
    if not shown:
        return panel(name, heading, "", tag("p", "No round trip was closed.", class_="empty"))
    note = f"the newest {len(shown):,} of {len(pair.trips):,}" if len(shown) < len(pair.trips) else "after all costs"
    head = ("From", "To", "First", "Second", "First left by", "Second left by", "First made", "Second made", "Result")
    return panel(name, heading, note, table_of(head, [_trip(one) for one in reversed(shown)], numbers_from=6))


def _trip(one: RoundTrip) -> Sequence[Content]:
    return (
        iso(one.entry_ts), iso(one.exit_ts), *(_SIDES[side] for side in one.sides),
        *(reason or NOTHING for reason in one.reasons), *(_money(pnl) for pnl in one.pnl), _money(one.result),
    )  # fmt: skip


def _money(value: float) -> Content:
    text = signed(value, _MONEY)
    return tag("span", text, class_=tone(text) or None)


def _most(values: Floats) -> str:
    return NOTHING if np.isnan(values).all() else fixed(float(np.nanmax(values)), 2)
