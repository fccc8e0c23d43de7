"""Splits and dividends: stored as they happened, and what they make of prices from the first bar of a range on.

Bars are stored as they were traded. They are read in the shares of the first bar of the range, dividends reinvested:

1. From a split of n new shares for one old on, prices are n times what was traded and volumes an n-th: they count
   shares of the first bar, of which each has become n.
2. From a dividend D on, prices are c / (c - D) times what they were, c the last close before: who holds a share has
   been paid, and holds as much more of it.
3. A bar depends on what happened up to it and on nothing later. So a range that ends later begins with the same bars to
   the bit, and what a bot has seen never changes when a split comes.

An action counts from the first bar of its day on. Days are named by their date; within a day, bars before the pause of
NIGHT_MS or more that ends on it still belong to the evening before. An action with a time of day counts from then on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Ints
from karat.core.model.table import Schema, Table, TableName
from karat.core.time import DAY_MS, HOUR_MS, iso, timeframe_text
from karat.ports.history import Action
from karat.ports.lake import Lake, TableEntry

SCHEMA = Schema((("ts", "i8"), ("kind", "text"), ("value", "f8")))
SPLIT, DIVIDEND, RENAME = "split", "dividend", "rename"
NIGHT_MS = 3 * HOUR_MS  # New York rests for 8 hours after its late trading; lunch in Asia takes an hour and a half


@dataclass(frozen=True, slots=True)
class Step:
    """From the bar that opens at `ts` on, because of `action`: prices are `price` times what was traded, and one share
    of the first bar is `shares` shares."""

    ts: int
    action: Action
    price: float
    shares: float


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What was made of the prices of a range. `stored` describes the table of splits and dividends, None where the lake
    has none of the market."""

    steps: tuple[Step, ...]
    stored: TableEntry | None

    def count(self, kind: str) -> int:
        """How many actions of a kind count in the range."""
        return Counter(step.action.kind for step in self.steps)[kind]

    @property
    def price_least(self) -> float:
        """The smallest multiple of a price as traded, the first bar's 1 among them."""
        return min((1.0, *(step.price for step in self.steps)))

    @property
    def shares_most(self) -> float:
        """The most shares that one of the first bar became, the first bar's 1 among them."""
        return max((1.0, *(step.shares for step in self.steps)))


def actions_name(market: MarketId) -> TableName:
    """Where the splits and dividends of a market lie."""
    return TableName("actions", market)


def actions_table(actions: tuple[Action, ...]) -> Table:
    """Splits and dividends, oldest first, as columns."""
    columns = {
        "ts": np.array([action.ts for action in actions], np.int64),
        "kind": np.array([action.kind for action in actions], object),
        "value": np.array([action.value for action in actions], np.float64),
    }
    return Table(SCHEMA, columns)


def actions_of(table: Table) -> tuple[Action, ...]:
    """The inverse of `actions_table`."""
    rows = zip(table.columns["ts"], table.columns["kind"], table.columns["value"], strict=True)
    return tuple(Action(int(ts), str(kind), float(value)) for ts, kind, value in rows)


def stored_actions(lake: Lake, market: MarketId) -> tuple[tuple[Action, ...], TableEntry | None]:
    """The splits and dividends of a market, and the entry of their table; none and None where none were ever stored."""
    entry = next((one for one in lake.tables() if one.name == actions_name(market)), None)
    return ((), None) if entry is None else (actions_of(lake.table(entry.name)), entry)


def steps_of(candles: Candles, actions: tuple[Action, ...], first: int, stop: int) -> tuple[Step, ...]:
    """What `actions` do within bars `first` to `stop - 1` of all raw bars of a market, counted from bar `first`.

    Raises InputError `bar_spans_action` where a bar longer than a day holds one, `action_impossible` where a split is
    not above zero or a dividend not below the close before it.
    """
    placed = [(_first_bar(candles, action), action.kind != SPLIT, action) for action in actions]
    price = shares = 1.0
    steps: list[Step] = []
    split_at, split_by = -1, 1.0
    for bar, _, action in sorted(placed, key=lambda one: (one[0], one[1], one[2].ts)):  # of one day a split comes first
        if not first < bar < stop:
            continue
        _refuse_long_bar(candles, bar, action)
        if action.kind == DIVIDEND:
            close = float(candles.close[bar - 1]) / (split_by if split_at == bar else 1.0)
            if not 0.0 <= action.value < close:
                raise _impossible(candles.market, action, f"the close before it is {close:g}")
            price *= close / (close - action.value)
        else:
            if not action.value > 0.0:
                raise _impossible(candles.market, action, "it must be above zero")
            split_at, split_by = bar, action.value * (split_by if split_at == bar else 1.0)
            price, shares = price * action.value, shares * action.value
        steps.append(Step(int(candles.ts[bar]), action, price, shares))
    return tuple(steps)


def adjusted(candles: Candles, steps: tuple[Step, ...]) -> Candles:
    """Raw bars of a range as `steps` of it make them; the same object where there are none."""
    if not steps:
        return candles
    price, shares = np.ones(len(candles)), np.ones(len(candles))
    for step in steps:
        bar = int(np.searchsorted(candles.ts, step.ts))
        price[bar:], shares[bar:] = step.price, step.shares
    prices = {name: getattr(candles, name) * price for name in ("open", "high", "low", "close")}
    return Candles(candles.market, candles.timeframe_ms, ts=candles.ts, volume=candles.volume / shares, **prices)


def _first_bar(candles: Candles, action: Action) -> int:
    """The first bar from which on an action counts; the number of bars where it lies behind them all."""
    ts: Ints = candles.ts
    bar = int(np.searchsorted(ts, action.ts))
    if action.ts % DAY_MS or candles.timeframe_ms >= DAY_MS or bar == 0:
        return bar
    while bar < len(ts) and ts[bar] < action.ts + DAY_MS:
        if ts[bar] - ts[bar - 1] - candles.timeframe_ms >= NIGHT_MS:
            break
        bar += 1
    return bar


def _refuse_long_bar(candles: Candles, bar: int, action: Action) -> None:
    if candles.timeframe_ms > DAY_MS and action.ts < candles.ts[bar - 1] + candles.timeframe_ms:
        length = timeframe_text(candles.timeframe_ms)
        message = (
            f"The {length} bar of {candles.market} from {iso(int(candles.ts[bar - 1]))} holds the {action.kind} of "
        )
        hint = f"Import days: {length} bars are then built from them, each in one kind of share."
        raise InputError("bar_spans_action", f"{message}{iso(action.ts)[:10]}.", hint)


def _impossible(market: MarketId, action: Action, why: str) -> InputError:
    message = f"{market}: a {action.kind} of {action.value:g} on {iso(action.ts)[:10]} cannot be, {why}."
    hint = "Mend that line of your file and import it again with --replace."
    return InputError("action_impossible", message, hint)
