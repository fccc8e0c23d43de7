"""Files of splits and dividends, in one of two forms.

    ts,kind,value                     a row an action: `kind` split (new shares for one old) or dividend (per share, in
                                      the currency of the price); `ts` the ex-date, or the moment of the new shares
    symbol,date,price_factor,...      factors by which prices of a day and before were adjusted ("factor files"): each
                                      row holds up to its date, so an action lies between it and the next

A column `symbol` tells several markets of one venue apart. A split of 1 says that a jump of that day is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import polars as pl

from karat.core.errors import InputError
from karat.core.ids import MarketId, market_id, venue_of
from karat.core.time import iso
from karat.ingest.columns import TIME_NAMES, numbers, pick
from karat.ingest.series_files import Stored
from karat.ingest.table import Table as FileTable
from karat.ingest.zones import read_times
from karat.lake.adjust import DIVIDEND, SPLIT, actions_name, actions_of, actions_table
from karat.ports.history import Action
from karat.ports.lake import LakeChange

KIND = "actions"
_FACTORS = ("price_factor", "split_factor", "reference_price")
_PRICE_NOISE = 1e-6  # factors are written with seven digits: less is rounding, no dividend
_PARTS_MAX = 50  # of a split: 50 for 1, 3 for 2
_SATURDAY = 5


def holds_actions(file: FileTable) -> bool:
    """Whether the columns are those of splits and dividends."""
    columns = set(file.frame.columns)
    return {"kind", "value"} <= columns or set(_FACTORS) <= columns


def store_actions(
    change: LakeChange, file: FileTable, market: MarketId, *, zone: str | None, replace: bool
) -> list[Stored]:
    """Add the actions of a file to those of its markets: `market`, or the symbols of its column at that venue.

    Raises DataRefused with the code of the defect, `differs` where the lake has another value for a day.
    """
    stored: list[Stored] = []
    for one, actions in _by_market(file, market, zone):
        old = change.table(actions_name(one))
        known = {} if old is None else {(action.ts, action.kind): action for action in actions_of(old)}
        fresh = [action for action in actions if known.get((action.ts, action.kind)) != action]
        revised = [action for action in fresh if (action.ts, action.kind) in known]
        if revised and not replace:
            first, was = revised[0], known[(revised[0].ts, revised[0].kind)].value
            reason = f"the {first.kind} of {one} on {iso(first.ts)[:10]} is {first.value:g}, in the lake {was:g}"
            file.refuse("differs", -1, reason, "Use --replace to let this file win, or leave that line out.")
        known |= {(action.ts, action.kind): action for action in fresh}
        if fresh:
            change.put_table(actions_name(one), actions_table(tuple(known[key] for key in sorted(known))))
        counts = [sum(action.kind == kind for action in actions) for kind in (SPLIT, DIVIDEND)]
        note = f"{counts[0]} splits, {counts[1]} dividends"
        stored.append(Stored(actions_name(one), len(known), len(fresh), len(revised), note))
    return stored


def _by_market(file: FileTable, market: MarketId, zone: str | None) -> Iterator[tuple[MarketId, list[Action]]]:
    read = _factors if set(_FACTORS) <= set(file.frame.columns) else _events
    rows = read(file, zone)
    if "symbol" not in file.frame.columns:
        yield market, rows(range(file.frame.height))
        return
    symbols = file.frame["symbol"].cast(pl.String).to_list()
    for symbol in dict.fromkeys(symbols):
        try:
            named = market_id(f"{venue_of(market)}:{symbol}")
        except InputError as error:
            file.refuse("bad_market", symbols.index(symbol), error.message, error.hint)
        yield named, rows([row for row, one in enumerate(symbols) if one == symbol])


def _events(file: FileTable, zone: str | None) -> Any:
    picked = pick(file, {"ts": TIME_NAMES, "kind": ("kind",), "value": ("value",)}, several_markets=True)
    ts, there = read_times(file, picked["ts"], zone)
    kinds, values = picked["kind"].cast(pl.String).str.strip_chars().to_list(), numbers(file, picked["value"])

    def rows(chosen: Any) -> list[Action]:
        actions = [
            _checked(file, row, int(ts[row]), kinds[row], float(values[row]), bool(there[row])) for row in chosen
        ]
        twice = len({(action.ts, action.kind) for action in actions}) < len(actions)
        if twice:
            file.refuse("duplicate", -1, "one day has two actions of one kind", "Add them up in one line.")
        return sorted(actions, key=lambda action: (action.ts, action.kind))

    return rows


def _checked(file: FileTable, row: int, ts: int, kind: str | None, value: float, there: bool) -> Action:
    if not there:
        file.refuse("bad_time", row, "a row has no time", "Write the ex-date, for example 2020-08-31.")
    if kind not in (SPLIT, DIVIDEND):
        file.refuse("bad_kind", row, f"'{kind}' is no kind of action", "Write split or dividend.")
    if not 0.0 < value < float("inf"):
        file.refuse("bad_value", row, f"a {kind} of {value:g}", "A split is new shares for one old: 4, or 0.1.")
    return Action(ts, kind, value)


def _factors(file: FileTable, zone: str | None) -> Any:
    names = {name: (name,) for name in ("date", *_FACTORS)}
    picked = pick(file, names, several_markets=True)
    days = picked["date"].cast(pl.String).to_list()
    columns = {name: numbers(file, picked[name]) for name in _FACTORS}

    def rows(chosen: Any) -> list[Action]:
        ordered = sorted(chosen, key=lambda row: days[row])
        actions: list[Action] = []
        for place, row in enumerate(ordered):
            later = ordered[place + 1] if place + 1 < len(ordered) else None
            price, split = (
                columns[name][row] / (1.0 if later is None else columns[name][later]) for name in _FACTORS[:2]
            )
            ex_date = _next_weekday(file, row, days[row])
            shares = _shares(1.0 / split)
            if shares != 1.0:
                actions.append(_checked(file, row, ex_date, SPLIT, shares, there=True))
            if abs(price - 1.0) > _PRICE_NOISE:
                paid = round(columns["reference_price"][row] * (1.0 - price) / shares, 4)
                actions.append(_checked(file, row, ex_date, DIVIDEND, paid, there=True))
        return actions

    return rows


def _shares(ratio: float) -> float:
    """The simple ratio that a rounded factor stands for, else the factor itself."""
    simple = float(Fraction(ratio).limit_denominator(_PARTS_MAX))
    return simple if abs(simple - ratio) < 1e-3 * ratio else ratio


def _next_weekday(file: FileTable, row: int, text: str) -> int:
    """Midnight UTC of the weekday after a date: the factors of that date end with it."""
    try:
        day = datetime.strptime(text.replace("-", ""), "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
    except ValueError:
        file.refuse("bad_time", row, f"'{text}' is not a date", "Write 20200828 or 2020-08-28.")
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return round(day.timestamp() * 1000)
