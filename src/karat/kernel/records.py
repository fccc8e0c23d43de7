"""The records the kernel works on. All fields are numbers; a record is a tuple, so its steps compile to registers.

`Features` holds None for what a policy does not use and True for what it does: numba specialises on the type of each
field, so what is not used is not in the machine code.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Marker = bool | None


class Features(NamedTuple):
    """What this kernel must be able to do."""

    inverse: Marker  # may settle inverse; `Rules.inverse` says whether it does
    margin: Marker  # liquidation can happen
    funding: Marker
    borrow: Marker
    trail: Marker
    dynamic: Marker
    reentry: Marker
    adds: Marker
    target: Marker  # may have targets; `Rules.targets` says whether it does
    filters: Marker  # regime, cooldown, daily loss, streak, volume, funding, session
    overrides: Marker  # stop, take, size_scale or leverage come from the strategy
    sparse: Marker  # jump from signal to signal while flat; never with record


class Rules(NamedTuple):
    """One policy on one instrument, as numbers. Order is that of `columns.COLUMNS`."""

    capital: float
    size_mode: int
    size_value: float
    confidence_scaling: int
    drawdown_halving: float
    leverage: float
    volume_share: float
    allow_long: int
    allow_short: int
    borrow_rate: float
    stop_mode: int
    stop_value: float
    take_mode: int
    take_value: float
    take_fraction: float
    strict_limit: int
    trail_mode: int
    trail_value: float
    trail_from_entry: int
    time_exit: int
    min_confidence: float
    cooldown: int
    daily_loss_limit: float
    loss_streak_limit: int
    volume_factor: float
    funding_low: float
    funding_high: float
    session_from: int
    session_to: int
    reentry_max: int
    reentry_offset: float
    reentry_bars: int
    max_adds: int
    rebalance_band: float
    half_spread: float
    slippage_base: float
    slippage_atr: float
    slippage_volume: float
    maker_fee: float
    taker_fee: float
    latency: int
    spot: int
    tick: float
    lot: float
    min_quantity: float
    min_notional: float
    contract_size: float
    maintenance_rate: float
    dynamic_levels: int
    inverse: int
    targets: int  # the strategy gives targets (rule 34)


class Bars(NamedTuple):
    """Bars and what was known at each close. Unused columns have length 1."""

    timeframe_ms: int
    ts: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]  # base units
    quantity_volume: NDArray[np.float64]  # in units of quantity (rule 12)
    atr: NDArray[np.float64]
    atr_filled: NDArray[np.float64]  # a NaN replaced by the last finite one
    volatility: NDArray[np.float64]  # yearly
    volume_mean: NDArray[np.float64]  # of the bars before
    funding_unit: NDArray[np.float64]  # sum of rate * price (inverse: rate / price) due at this open
    funding_known: NDArray[np.float64]  # last rate known at the close
    regime: NDArray[np.int64]
    regime_confidence: NDArray[np.float64]
    regime_cooldown: NDArray[np.int64]
    risk_day: NDArray[np.int64]  # day of the decision (rule 21)
    day_boundary: NDArray[np.bool_]  # the close is at 00:00 exactly
    mark_day: NDArray[np.int64]  # day of a daily return (rule 33)
    minute: NDArray[np.int64]  # minute of day of the decision


class Spans(NamedTuple):
    """Short spans of bars within one day of marks, by which a sparse run steps over bars in which nothing happens."""

    of_first: NDArray[np.int64]  # per bar: the span that begins there, -1 where none does
    end: NDArray[np.int64]  # per span: the bar after its last
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    close_low: NDArray[np.float64]
    close_high: NDArray[np.float64]
    pays: NDArray[np.bool_]  # a funding payment is due in it


class Detail(NamedTuple):
    """Finer bars: those of bar i are `first[i] .. first[i + 1] - 1`."""

    first: NDArray[np.int64]
    ts: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]


class Signal(NamedTuple):
    """Signals, packed. `code` bits: 1 long, 2 short, 4 exit long, 8 exit short, 16 void long, 32 void short."""

    code: NDArray[np.uint8]
    next_entry: NDArray[np.int64]  # first bar at or after this one whose code asks for an entry; n when none
    span_code: NDArray[np.uint8]  # per span: the bits that occur in it
    confidence: NDArray[np.float64]
    stop: NDArray[np.float64]
    take: NDArray[np.float64]
    size_scale: NDArray[np.float64]
    leverage: NDArray[np.float64]
    target: NDArray[np.float64]


class Holding(NamedTuple):
    """The position. `side` 0 is flat. Liquidation and bankruptcy prices are NaN when never."""

    side: int
    lots: int
    entered_lots: int
    average: float
    leverage: float
    liquidation: float
    bankruptcy: float


class Levels(NamedTuple):
    """Stop and take in whole ticks."""

    stop: int
    has_stop: int
    trailed: int  # the trailing stop has moved the stop
    take: int
    has_take: int  # a take is live
    took: int  # the take has filled


class Trade(NamedTuple):
    """The trade of the position, and after it closed the last one."""

    entry_bar: int
    decision_bar: int
    limit_bar: int  # bar of an entry by limit, -1 otherwise
    first_price: float
    confidence: float
    adds: int
    placed: int  # re-entry limits placed since the entry by signal
    realised: float
    fees: float
    funding: float
    borrow: float


class Money(NamedTuple):
    """Sums over the run (rule 31)."""

    realised: float
    fees: float
    funding: float
    borrow: float
    closed_trades: int
    won_trades: int


class Order(NamedTuple):
    """Market orders on their way, at most one decision's. `due` -1: none."""

    due: int
    exit_reason: int  # 0: no exit part
    close_lots: int  # of a target; -1 closes all
    side: int  # 0: no entry part
    lots: int
    add: int
    slip_lots: int  # quantity whose slippage counts, 0: its own
    stop_distance: float  # price units; NaN: by the policy's fraction, or none
    take_distance: float
    leverage: float
    confidence: float
    decision_bar: int


class Limit(NamedTuple):
    """A re-entry limit. `side` 0: none."""

    side: int
    ticks: int
    first_bar: int
    last_bar: int
    lots: int
    stop_distance: float
    take_distance: float
    leverage: float
    confidence: float
    decision_bar: int
    placed: int


class Marks(NamedTuple):
    """Equity at closes, drawdown and daily returns (rules 31 to 33)."""

    equity: float
    peak: float
    floor: float  # peak * (1 - max_drawdown): below it the drawdown is a new maximum
    max_drawdown: float
    day: int
    day_reference: float
    days: int
    sum_returns: float
    sum_squares: float


class Blocks(NamedTuple):
    """What stops entries for a while (rules 20 to 22)."""

    day: int
    reference: float
    blocked: int
    streak: int
    close_bar: int  # bar of the last fill that closed a position, -1 none
    close_reason: int
    close_side: int
    close_price: float


class Log(NamedTuple):
    """The record of a run. `counts` = fills written, trades begun."""

    counts: NDArray[np.int64]
    ints: NDArray[np.int64]
    floats: NDArray[np.float64]
    refusals: NDArray[np.int8]


FILL_INTS = ("ts", "bar", "side", "lots", "reason", "decision_bar", "level_ticks", "position_before", "trade")
FILL_FLOATS = (
    "raw_price", "price", "fee", "spread_cost", "slippage_cost", "equity_before", "gain", "trade_funding",
    "trade_borrow",
)  # fmt: skip
NO_DAY = -(2**62)  # Marks.day and Blocks.day before the first close
NO_LEVEL = -(2**62)  # level_ticks of a fill that has no level
