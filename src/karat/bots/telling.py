"""What happened in a bar, in words and figures, for the list of events."""

from __future__ import annotations

from karat.core.model.candles import Ints
from karat.core.model.instrument import Instrument
from karat.core.model.reasons import Refusal
from karat.core.time import iso
from karat.ports.cockpit import EventKind
from karat.ports.journal import FillRecord, Happening, TradeRecord


def fill_told(fill: FillRecord, instrument: Instrument) -> Happening:
    """An entry when the fill opens or grows a position, else an exit."""
    quantity = fill.lots * instrument.lot * instrument.contract_size
    grows = fill.position_before * fill.side >= 0
    verb = "Bought" if fill.side > 0 else "Sold"
    return Happening(
        EventKind.ENTRY if grows else EventKind.EXIT,
        f"{verb} {quantity:.10g} at {fill.price:.10g}: {fill.reason.name.lower()}.",
        {
            "fill": fill.number,
            "trade": fill.trade,
            "side": fill.side,
            "quantity": quantity,
            "price": fill.price,
            "reason": fill.reason.name.lower(),
        },
    )


def trade_told(trade: TradeRecord, currency: str) -> Happening:
    """What a round trip came to, after all costs."""
    text = f"Trade {trade.trade + 1:,} closed with {trade.pnl:+,.6g} {currency}."
    return Happening(EventKind.CLOSED, text, {"trade": trade.trade, "pnl": trade.pnl})


def refusal_told(refusal: Refusal) -> Happening:
    """The entry filter said no."""
    name = refusal.name.lower()
    return Happening(EventKind.REFUSED, f"An entry was refused: {name.replace('_', ' ')}.", {"reason": name})


def beginning_told(bars: int, last_ts: Ints) -> Happening:
    """A bot begins, or goes on after `bars` bars of which the last opened at `last_ts[0]`."""
    if not bars:
        return Happening(EventKind.STARTED, "Started.")
    return Happening(
        EventKind.RECOVERED, f"Goes on after {bars:,} bars, the last of {iso(int(last_ts[0]))}.", {"bars": bars}
    )


def refusals_told(unaffordable: int, refusal: Refusal, last: Refusal) -> tuple[Happening, ...]:
    """Refusals of a bar when they begin: one that stays what it was at the `last` bar is told once."""
    told = [refusal_told(Refusal.AFFORD)] * unaffordable
    return tuple(told if refusal in (Refusal.NONE, last) else [*told, refusal_told(refusal)])
