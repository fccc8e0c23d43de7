"""One bot as the journal has it, and the figures that follow from its kernel state and its last close.

Money is in the bot's currency, which is what its instrument settles in. Quantities are base units: contracts of linear
and spot instruments times the contract size, contracts of inverse ones at the price of entry.
"""

from __future__ import annotations

from dataclasses import dataclass

from karat.core.calc.money import base_units, notional, result
from karat.core.errors import NeedsOperator
from karat.core.ids import BotId
from karat.core.model.instrument import Instrument, Kind
from karat.core.time import DAY_MS
from karat.kernel.state import State, state_from_bytes
from karat.ports.cockpit import Figure, Side, Undefined
from karat.ports.journal import BotRecord, BotStatus

COIN_STEP = 1e-8  # base units of inverse contracts lie on no grid of their own; coins have eight decimals
NO_BAR = Undefined("no bar yet")


@dataclass(frozen=True, slots=True)
class Standing:
    """A bot after its last bar. `state` and `close` are None before the first bar."""

    record: BotRecord
    status: BotStatus
    state: State | None
    close: float | None

    @property
    def id(self) -> BotId:
        return self.record.id

    @property
    def close_ts(self) -> int | None:
        """Close of the last bar done."""
        return None if self.status.last_ts is None else self.status.last_ts + self.record.timeframe_ms

    @property
    def capital(self) -> float:
        return self.record.policy.capital

    @property
    def equity(self) -> Figure:
        return NO_BAR if self.state is None else self.state.marks.equity

    @property
    def drawdown(self) -> Figure:
        """From the highest marked equity, at or below 0."""
        if self.state is None:
            return NO_BAR
        marks = self.state.marks
        return drawdown(marks.equity, marks.peak)

    @property
    def open_pnl(self) -> Figure:
        """Result of the open position at the last close, before the costs of leaving; 0 while flat."""
        if self.state is None or self.close is None:
            return NO_BAR
        return result_at(self, self.close)

    @property
    def stop_price(self) -> float | None:
        """The stop that protects the position, in quote units."""
        if self.state is None or self.state.holding.side == 0 or not self.state.levels.has_stop:
            return None
        return price_of(self.record.instrument, self.state.levels.stop)

    @property
    def exposure(self) -> float:
        """Signed notional at the last close; 0 while flat."""
        if self.state is None or self.close is None or self.state.holding.side == 0:
            return 0.0
        instrument = self.record.instrument
        held = self.state.holding.lots * instrument.lot
        return self.state.holding.side * notional(is_inverse(instrument), held, instrument.contract_size, self.close)


def standing_of(record: BotRecord, status: BotStatus) -> Standing:
    """Raises NeedsOperator `state_unreadable` when the state was saved by another version of the kernel."""
    try:
        state = state_from_bytes(status.kernel) if status.kernel else None
    except ValueError as error:
        message = f"The saved state of {record.name} is of another version of Karat: {error}."
        raise NeedsOperator("state_unreadable", message, "Run the version that wrote it, or remove the bot.") from error
    return Standing(record, status, state, status.last_close)


def is_inverse(instrument: Instrument) -> bool:
    return instrument.kind == Kind.INVERSE


def side_of(sign: int) -> Side:
    return Side.LONG if sign > 0 else Side.SHORT


def result_at(standing: Standing, price: float) -> float:
    """Result of closing the open position at `price`, before costs; 0 while flat."""
    assert standing.state is not None
    holding = standing.state.holding
    if holding.side == 0:
        return 0.0
    instrument = standing.record.instrument
    held = holding.lots * instrument.lot
    return result(is_inverse(instrument), holding.side, held, instrument.contract_size, holding.average, price)


def quantity_of(instrument: Instrument, lots: int, entry_price: float) -> float:
    """Base units of `lots`."""
    return base_units(is_inverse(instrument), lots * instrument.lot, instrument.contract_size, entry_price)


def quantity_step(instrument: Instrument) -> float:
    """What a quantity in base units is a multiple of."""
    return COIN_STEP if is_inverse(instrument) else instrument.lot * instrument.contract_size


def price_of(instrument: Instrument, ticks: int) -> float:
    """The price of whole ticks. Where one tick is 1 / whole, the division gives the exact decimal."""
    per_unit = round(1.0 / instrument.tick)
    whole = per_unit > 0 and abs(per_unit * instrument.tick - 1.0) < 1e-9
    return ticks / per_unit if whole else ticks * instrument.tick


def drawdown(equity: float, peak: float) -> Figure:
    """Fraction of the peak, at or below 0; undefined when there never was positive equity."""
    if peak <= 0.0:
        return Undefined("equity was never above 0")
    return min(0.0, equity / peak - 1.0)


def fraction_of(amount: Figure, base: Figure) -> Figure:
    """`amount / base`, undefined where there is nothing to divide by."""
    if isinstance(amount, Undefined):
        return amount
    if isinstance(base, Undefined):
        return base
    return amount / base if base > 0.0 else Undefined("equity was not above 0")


def day_start(clock_ts: int) -> int:
    """00:00 UTC of the day in which the bar that closed at `clock_ts` ended; a close at 00:00 ends the day before."""
    return (clock_ts - 1) // DAY_MS * DAY_MS
