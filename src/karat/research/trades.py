"""Trades of a run as columns, built from the fills of its record in a few passes over arrays.

1. Fills of one trade stand together: it begins where the position before was flat and ends where it is flat again.
2. Sums per trade are `add.reduceat` over the fills; prices are weighted by quantity, harmonic for inverse (rule 30).
3. What is still open at the end is no trade (rule 18); it is described by `OpenPosition`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Floats, Ints
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import LevelMode
from karat.core.model.signals import Signals
from karat.kernel.engine import Inputs, Record
from karat.kernel.records import Rules
from karat.stats import TradeColumns

Fills = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """Closed trades as columns of one length, oldest first. Money in the settlement currency, costs positive when paid.

    `id` counts from 1 and is what `karat explain` takes. `side` +1 long, -1 short. `entry_ts`, `exit_ts` are those of
    the first and last fill, UTC ms. `bars_held` counts the entry bar (rule 16). `quantity` is all that was entered, in
    contracts; prices are its weighted averages. `pnl` is net of fees, funding and borrow; spread and slippage are
    inside the prices. `stop` and `take` are the levels at entry, NaN without. `risk` is the loss from entry to that
    stop, NaN without. `reason` (core.model.reasons.Reason) is that of the fill that closed it, `entry_reason` of the
    one that opened it. The fills of trade k are rows `first_fill[k]` to `last_fill[k]` of the record's fills.
    """

    id: Ints
    side: Ints
    entry_ts: Ints
    exit_ts: Ints
    entry_bar: Ints
    exit_bar: Ints
    bars_held: Ints
    quantity: Floats
    entry_price: Floats
    exit_price: Floats
    pnl: Floats
    fees: Floats
    funding: Floats
    borrow: Floats
    spread: Floats
    slippage: Floats
    entry_notional: Floats
    stop: Floats
    take: Floats
    risk: Floats
    reason: Ints
    entry_reason: Ints
    first_fill: Ints
    last_fill: Ints

    def __len__(self) -> int:
        return len(self.id)

    def columns(self) -> TradeColumns:
        """What `karat.stats.summary` reads."""
        return TradeColumns(
            net_pnl=self.pnl,
            fees=self.fees,
            funding=self.funding,
            borrow=self.borrow,
            spread=self.spread,
            slippage=self.slippage,
            bars_held=self.bars_held,
            entry_notional=self.entry_notional,
            risk=self.risk,
        )


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """What is held after the last bar: marked at the last close, not a trade (rule 18).

    Money is of the trade so far: `realised` before costs, `unrealised` at `mark_price` without exit costs. Levels are
    those that rest now; None where there is none.
    """

    id: int
    side: int
    entry_ts: int
    entry_bar: int
    bars_held: int
    quantity: float
    entry_price: float
    mark_price: float
    unrealised: float
    realised: float
    fees: float
    funding: float
    borrow: float
    stop: float | None
    take: float | None
    liquidation: float | None
    first_fill: int
    last_fill: int


def notionals(fills: Fills, instrument: Instrument) -> Floats:
    """Notional of each fill at its price, in the settlement currency (rule 30)."""
    base = fills["lots"] * (instrument.lot * instrument.contract_size)
    return base / fills["price"] if instrument.kind == Kind.INVERSE else base * fills["price"]


def trades_of(record: Record, inputs: Inputs, signals: Signals, instrument: Instrument) -> Trades:
    """The closed trades of a record."""
    first, last = _closed(record)
    closed, used = len(first), _used(record, last)
    side = used["side"][first]
    opens = used["side"] == np.repeat(side, last - first + 1)
    lots, value = used["lots"], notionals(used, instrument)
    inverse = instrument.kind == Kind.INVERSE

    entered = _totals(np.where(opens, lots, 0), first)
    entry_value, exit_value = _totals(np.where(opens, value, 0.0), first), _totals(np.where(opens, 0.0, value), first)
    base = entered * (instrument.lot * instrument.contract_size)
    entry_price = base / entry_value if inverse else entry_value / base
    stop, take = entry_levels(inputs, signals, side, used["decision_bar"][first], used["price"][first])
    with np.errstate(divide="ignore"):  # a stop at a price of zero risks more than there is, and is left out of means
        risk = side * base * ((1.0 / stop - 1.0 / entry_price) if inverse else (entry_price - stop))
    return Trades(
        id=np.arange(1, closed + 1),
        side=side,
        entry_ts=used["ts"][first],
        exit_ts=used["ts"][last],
        entry_bar=used["bar"][first],
        exit_bar=used["bar"][last],
        bars_held=used["bar"][last] - used["bar"][first] + 1,
        quantity=entered * instrument.lot,
        entry_price=entry_price,
        exit_price=base / exit_value if inverse else exit_value / base,
        pnl=_results(used, first, last),
        fees=_totals(used["fee"], first),
        funding=used["trade_funding"][last],
        borrow=used["trade_borrow"][last],
        spread=_totals(used["spread_cost"], first),
        slippage=_totals(used["slippage_cost"], first),
        entry_notional=entry_value,
        stop=stop,
        take=take,
        risk=risk,
        reason=used["reason"][last],
        entry_reason=used["reason"][first],
        first_fill=first,
        last_fill=last,
    )


def closed_results(record: Record) -> Floats:
    """`Trades.pnl` of a record alone."""
    first, last = _closed(record)
    return _results(_used(record, last), first, last)


def _closed(record: Record) -> tuple[Ints, Ints]:
    """The first and the last fill of each closed trade."""
    trade = record.fills["trade"]
    closed = int(trade[-1]) + (1 if record.state.holding.side == 0 else 0) if len(trade) else 0
    first = np.flatnonzero(np.diff(trade, prepend=-1))
    last = np.append(first[1:], len(trade)) - 1
    return first[:closed], last[:closed]


def _used(record: Record, last: Ints) -> Fills:
    """The fills of closed trades."""
    rows = int(last[-1]) + 1 if len(last) else 0
    return {name: column[:rows] for name, column in record.fills.items()}


def _results(used: Fills, first: Ints, last: Ints) -> Floats:
    funding, borrow = used["trade_funding"][last], used["trade_borrow"][last]
    return _totals(used["gain"], first) - _totals(used["fee"], first) - funding - borrow


def _totals(column: NDArray[np.int64] | Floats, first: Ints) -> Floats:
    """The sum of each trade."""
    return np.add.reduceat(column, first).astype(np.float64) if len(first) else np.empty(0)


def entry_levels(
    inputs: Inputs, signals: Signals, side: Ints, decision_bar: Ints, fill: Floats
) -> tuple[Floats, Floats]:
    """Prices of stop and take as they are set by the entry fill (rules 9 and 13); NaN where there is none."""
    rules, atr = inputs.rules, inputs.bars.atr[decision_bar]
    stop_distance = _distance(rules.stop_mode, rules.stop_value, signals.stop, decision_bar, atr, fill)
    stop = _on_grid(fill - side * stop_distance, rules, down=side > 0)
    if signals.target is not None:
        return stop, np.full(len(side), np.nan)
    take_distance = _distance(rules.take_mode, rules.take_value, signals.take, decision_bar, atr, fill)
    return stop, _on_grid(fill + side * take_distance, rules, down=side < 0)


def _distance(mode: int, value: float, own: Floats | None, bars: Ints, atr: Floats, fill: Floats) -> Floats:
    if mode == LevelMode.ATR:
        distance = value * atr
    elif mode == LevelMode.FRACTION:
        distance = value * fill
    else:
        distance = np.full(len(bars), np.nan)
    if own is None:
        return distance
    given = own[bars]
    return np.where(np.isnan(given), distance, given)


def _on_grid(price: Floats, rules: Rules, *, down: NDArray[np.bool_]) -> Floats:
    """Rule 10 for columns: floor where `down`, else ceil, to the tick."""
    steps = price / rules.tick
    return np.where(down, np.floor(steps + 1e-6), np.ceil(steps - 1e-6)) * rules.tick


def open_position_of(record: Record, inputs: Inputs) -> OpenPosition | None:
    """What the run still holds at its end."""
    state, rules = record.state, inputs.rules
    holding, levels = state.holding, state.levels
    if holding.side == 0:
        return None
    fills = record.fills
    first = int(np.searchsorted(fills["trade"], fills["trade"][-1]))
    base = holding.lots * rules.lot * rules.contract_size
    mark = float(inputs.bars.close[-1])
    average = float(holding.average)
    gain = 1.0 / average - 1.0 / mark if rules.inverse else mark - average
    liquidation = float(holding.liquidation)
    return OpenPosition(
        id=int(fills["trade"][-1]) + 1,
        side=int(holding.side),
        entry_ts=int(fills["ts"][first]),
        entry_bar=int(state.trade.entry_bar),
        bars_held=len(inputs.bars.ts) - int(state.trade.entry_bar),
        quantity=holding.lots * rules.lot,
        entry_price=average,
        mark_price=mark,
        unrealised=holding.side * base * gain,
        realised=float(state.trade.realised),
        fees=float(state.trade.fees),
        funding=float(state.trade.funding),
        borrow=float(state.trade.borrow),
        stop=levels.stop * rules.tick if levels.has_stop else None,
        take=levels.take * rules.tick if levels.has_take else None,
        liquidation=liquidation if liquidation == liquidation else None,
        first_fill=first,
        last_fill=len(fills["trade"]) - 1,
    )
