"""Trades, quotes and books: what an exchange counts must have no gap, and what it quotes must not cross.

1. `number_hole`, `number_again`: trades that a venue numbers one by one, where a number is missing or comes twice.
   Venues that number otherwise (most steps are not one) are not judged.
2. `bad_tick`: a price or quantity that is none; a quantity of zero takes a level out of a book, and is no trade.
3. `print_apart`: a price further than APART_MIN, and DEVIATIONS_MIN usual deviations, from the median of the trades
   around it. Late and odd-lot prints of equities are such; so are bad ones.
4. `crossed`: a bid at or above the ask.
5. `chain_broken`: a change of a book that does not follow the one before it; a snapshot begins the chain anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Bools, Floats, Ints
from karat.core.model.table import Table
from karat.core.time import iso
from karat.quality.findings import Finding, runs_of

APART_MIN = 0.0075  # of the price: in thin markets the spread alone is half a per cent (reference data)
DEVIATIONS_MIN = 30.0
COUNTED_MIN = 0.9  # share of steps that are one
_AROUND = 21  # trades
_SCALE_FLOOR = 1e-5
_COUNTED_KINDS = "iu"


def trade_findings(table: Table) -> list[Finding]:
    """Findings of a tape: columns ts, price, quantity and trade_id."""
    columns = table.columns
    ts, price, quantity = table.ts, columns["price"], columns["quantity"]
    good = np.isfinite(price) & (price > 0) & np.isfinite(quantity) & (quantity > 0)
    found = _runs("bad_tick", ts, ~good, "price or quantity is missing, zero or negative")
    found += _numbers(ts, columns.get("trade_id"))
    return found + _apart(ts[good], price[good])


def quote_findings(table: Table) -> list[Finding]:
    """Findings of best bids and asks: columns ts, bid, ask and their quantities."""
    columns = table.columns
    bid, ask = columns["bid"], columns["ask"]
    bad = ~(np.isfinite(bid) & np.isfinite(ask) & (bid > 0) & (ask > 0))
    bad |= (columns["bid_quantity"] < 0) | (columns["ask_quantity"] < 0)
    return [
        *_runs("bad_tick", table.ts, bad, "price or quantity is missing or negative"),
        *_runs("crossed", table.ts, ~bad & (bid >= ask), "the bid is not below the ask"),
    ]


def book_findings(table: Table) -> list[Finding]:
    """Findings of a book: of its changes level by level, or of samples of its best levels."""
    return _changes(table) if "first_update" in table.columns else _samples(table)


def _changes(table: Table) -> list[Finding]:
    columns, ts = table.columns, table.ts
    price, quantity = columns["price"], columns["quantity"]
    bad = ~(np.isfinite(price) & (price > 0) & np.isfinite(quantity) & (quantity >= 0))
    found = _runs("bad_tick", ts, bad, "price or quantity is missing or negative")
    # Rows of one change share its numbers: a change begins where they change.
    number, before = columns["last_update"], columns["previous_update"]
    snapshot: Bools = columns["snapshot"] == 1
    begins = np.flatnonzero(np.r_[True, (number[1:] != number[:-1]) | (snapshot[1:] != snapshot[:-1])])
    changes = begins[~snapshot[begins]]
    if not (before[changes] > 0).any():
        return found  # the venue does not say what a change follows
    last = number[changes]
    # A snapshot that was fetched apart may be older than the changes around it: the chain goes on past it.
    broken = changes[1:][(before[changes][1:] != last[:-1]) & ~_snapshot_between(snapshot, changes)]
    return found + _places("chain_broken", ts, broken, "changes of the book are missing before it")


def _snapshot_between(snapshot: Bools, changes: NDArray[np.intp]) -> Bools:
    seen = np.concatenate(([0], np.cumsum(snapshot)))
    return seen[changes[1:]] > seen[changes[:-1]]


def _samples(table: Table) -> list[Finding]:
    columns = table.columns
    bids = np.array([columns[name] for name in columns if _is_level(name, "bid_")])
    asks = np.array([columns[name] for name in columns if _is_level(name, "ask_")])
    if not len(bids) or not len(asks):
        return []
    # NaN: no level. Every comparison with it is false, so an absent level is in order.
    falling, rising = np.diff(bids, axis=0) >= 0, np.diff(asks, axis=0) <= 0
    disordered: Bools = np.logical_or.reduce(np.concatenate((falling, rising)))
    return [
        *_runs("crossed", table.ts, bids[0] >= asks[0], "the bid is not below the ask"),
        *_runs("bad_tick", table.ts, disordered, "levels are not in the order of their prices"),
    ]


def _is_level(name: str, side: str) -> bool:
    return name.startswith(side) and name.removeprefix(side).isdigit()


def _numbers(ts: Ints, numbers: NDArray[Any] | None) -> list[Finding]:
    """Holes and repeats in a count, where there is one."""
    if numbers is None or numbers.dtype.kind not in _COUNTED_KINDS or len(numbers) < 2:
        return []
    steps = np.diff(numbers)
    if float(np.mean(steps == 1)) < COUNTED_MIN:
        return []
    found: list[Finding] = []
    for place in np.flatnonzero(steps > 1).tolist():
        missing, first, last = int(steps[place]) - 1, int(ts[place]), int(ts[place + 1])
        what = f"{iso(first)}: {missing:,} trades are missing after number {int(numbers[place])}"
        found.append(Finding("number_hole", first, last, missing, what))
    again = np.flatnonzero(steps <= 0) + 1
    return found + _places("number_again", ts, again, "a number that came before")


def _apart(ts: Ints, price: Floats) -> list[Finding]:
    if len(price) < _AROUND:
        return []
    logs = np.log(price)
    padded = np.pad(logs, _AROUND // 2, mode="edge")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, _AROUND), axis=1)
    away = np.abs(logs - middle)
    usual = max(float(np.median(away)), _SCALE_FLOOR)
    far = np.flatnonzero((away > APART_MIN) & (away > DEVIATIONS_MIN * usual))
    words = [
        f"{iso(int(ts[row]))}: {price[row]:g} stands {np.expm1(logs[row] - middle[row]):+.2%} from the trades around it"
        for row in far
    ]
    return [
        Finding("print_apart", int(ts[row]), int(ts[row]), 1, what) for row, what in zip(far, words, strict=True)
    ]  # fmt: skip


def _runs(name: str, ts: Ints, flags: Bools, words: str) -> list[Finding]:
    found: list[Finding] = []
    for start, stop in runs_of(flags):
        many = "" if stop - start == 1 else f", {stop - start:,} rows in a row"
        first, last = int(ts[start]), int(ts[stop - 1])
        found.append(Finding(name, first, last, stop - start, f"{iso(first)}: {words}{many}"))
    return found


def _places(name: str, ts: Ints, rows: NDArray[np.intp], words: str) -> list[Finding]:
    return [Finding(name, int(ts[row]), int(ts[row]), 1, f"{iso(int(ts[row]))}: {words}") for row in rows.tolist()]
