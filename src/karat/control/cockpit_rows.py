"""Rows of the cockpit: bots, positions, trades and events, each from records of the journal."""

from __future__ import annotations

from karat.control.cockpit_standing import (
    NO_BAR,
    Standing,
    fraction_of,
    is_inverse,
    price_of,
    quantity_of,
    quantity_step,
    result_at,
    side_of,
)
from karat.core.calc.money import result
from karat.core.errors import InputError
from karat.core.time import timeframe_text
from karat.ports.cockpit import (
    BotRow,
    EventRow,
    Figure,
    Holding,
    Parameter,
    PositionRow,
    TradeRow,
    Undefined,
)
from karat.ports.journal import BotRecord, FillRecord, JournalEvent, TradeRecord
from karat.ports.verdict import Verdict
from karat.strategies import find_strategy

NO_STOP = Undefined("no stop")


def bot_row(standing: Standing, today: Figure, reference: Figure, verdict: Verdict) -> BotRow:
    """`today` is money since `reference`, the equity with which the day began."""
    record, status, state = standing.record, standing.status, standing.state
    return BotRow(
        id=record.id,
        name=record.name,
        strategy=record.strategy,
        market=record.market,
        timeframe=timeframe_text(record.timeframe_ms),
        mode=record.mode,
        currency=record.currency,
        state=status.state,
        state_cause=status.cause,
        equity=standing.equity,
        today=today,
        today_fraction=fraction_of(today, reference),
        open_pnl=standing.open_pnl,
        drawdown=standing.drawdown,
        trades=0 if state is None else state.money.closed_trades,
        holding=_holding(standing),
        last_bar_ts=status.last_ts,
        warnings=_warnings(record),
        verdict=verdict,
    )


def position_row(standing: Standing, fills: tuple[FillRecord, ...]) -> PositionRow:
    """The open position; `fills` are those of its trade, oldest first."""
    state, mark, record = standing.state, standing.close, standing.record
    assert state is not None and mark is not None and state.holding.side != 0 and fills
    holding, stop, instrument = state.holding, standing.stop_price, record.instrument
    open_pnl = result_at(standing, mark)
    return PositionRow(
        bot=record.id,
        market=record.market,
        currency=record.currency,
        side=side_of(holding.side),
        quantity=quantity_of(instrument, holding.lots, holding.average),
        entry_ts=fills[0].ts,
        entry_price=holding.average,
        mark_price=mark,
        open_pnl=open_pnl,
        stop_price=stop,
        stop_distance=NO_STOP if stop is None else holding.side * (mark - stop) / mark,
        at_stop=at_stop(standing),
        r=_multiple(open_pnl, _risk(standing, fills[0])),
        price_tick=instrument.tick,
        quantity_step=quantity_step(instrument),
    )


def at_stop(standing: Standing) -> Figure:
    """Money from the mark to the stop."""
    if standing.state is None or standing.close is None:
        return NO_BAR
    stop = standing.stop_price
    return NO_STOP if stop is None else result_at(standing, stop) - result_at(standing, standing.close)


def trade_row(trade: TradeRecord, record: BotRecord) -> TradeRow:
    instrument = record.instrument
    return TradeRow(
        sequence=trade.sequence,
        bot=record.id,
        market=record.market,
        currency=record.currency,
        id=trade.trade + 1,
        side=side_of(trade.side),
        entry_ts=trade.entry_ts,
        exit_ts=trade.exit_ts,
        quantity=quantity_of(instrument, trade.lots, trade.entry_price),
        entry_price=trade.entry_price,
        exit_price=trade.exit_price,
        pnl=trade.pnl,
        r=_multiple(trade.pnl, trade.risk),
        reason=trade.reason,
        price_tick=instrument.tick,
        quantity_step=quantity_step(instrument),
    )


def event_row(event: JournalEvent) -> EventRow:
    return EventRow(event.id, event.ts, event.bot, event.kind, event.text)


def hypothesis_and_parameters(record: BotRecord) -> tuple[str, tuple[Parameter, ...]]:
    """What the bot was told: why its strategy should earn money, and its values with their units."""
    try:
        strategy = find_strategy(record.strategy)
    except InputError as error:
        plain = tuple(Parameter(name, _text(value, "")) for name, value in record.parameters.items())
        return f"The strategy cannot be shown: {error.message}", plain
    units = {one.name: one.unit for one in strategy.parameters}
    values = tuple(Parameter(name, _text(value, units.get(name, ""))) for name, value in record.parameters.items())
    return f"{strategy.hypothesis.behaviour} {strategy.hypothesis.persistence}", values


def _text(value: bool | int | float, unit: str) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g} {unit}".strip()


def _holding(standing: Standing) -> Holding | None:
    if standing.state is None or standing.state.holding.side == 0:
        return None
    held = standing.state.holding
    return Holding(side_of(held.side), quantity_of(standing.record.instrument, held.lots, held.average))


def _warnings(record: BotRecord) -> tuple[str, ...]:
    if record.instrument.assumed:
        return (f"Tick, lot, fees or margin of {record.market} are assumed.",)
    return ()


def _risk(standing: Standing, entry: FillRecord) -> float | None:
    """Money from the entry fill to the stop set by it, over all lots entered; None without a stop."""
    if entry.stop_ticks is None or standing.state is None:
        return None
    instrument = standing.record.instrument
    stop = price_of(instrument, entry.stop_ticks)
    entered = standing.state.holding.entered_lots * instrument.lot
    return -result(is_inverse(instrument), entry.side, entered, instrument.contract_size, entry.price, stop)


def _multiple(amount: float, risk: float | None) -> Figure:
    if risk is None:
        return NO_STOP
    return amount / risk if risk > 0.0 else Undefined("the stop was not below the entry")
