"""From the fills of a trade to the trade."""

from __future__ import annotations

from karat.core.calc.money import result
from karat.core.model.instrument import Instrument, Kind
from karat.ports.journal import FillRecord, TradeRecord


def closed_trade(fills: list[FillRecord], instrument: Instrument) -> TradeRecord:
    """The trade made of `fills`, the last of which closed it. `sequence` is 0: the journal gives it."""
    first, last = fills[0], fills[-1]
    entries = [fill for fill in fills if fill.side == first.side]
    exits = [fill for fill in fills if fill.side != first.side]
    lots = sum(fill.lots for fill in entries)
    fees = sum(fill.fee for fill in fills)
    gain = sum(fill.gain for fill in fills)
    return TradeRecord(
        sequence=0,
        bot=first.bot,
        trade=first.trade,
        side=first.side,
        entry_ts=first.ts,
        exit_ts=last.ts,
        lots=lots,
        entry_price=_mean_price(entries),
        exit_price=_mean_price(exits),
        fees=fees,
        funding=last.trade_funding,
        borrow=last.trade_borrow,
        pnl=gain - fees - last.trade_funding - last.trade_borrow,
        risk=_risk(first, lots, instrument),
        reason=last.reason,
    )


def _mean_price(fills: list[FillRecord]) -> float:
    return sum(fill.lots * fill.price for fill in fills) / sum(fill.lots for fill in fills)


def _risk(first: FillRecord, lots: int, instrument: Instrument) -> float | None:
    if first.stop_ticks is None:
        return None
    inverse, stop = instrument.kind == Kind.INVERSE, first.stop_ticks * instrument.tick
    return -result(inverse, first.side, lots * instrument.lot, instrument.contract_size, first.price, stop)
