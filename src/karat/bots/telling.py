"""What happened in a bar, in words and figures, for the list of events."""

from __future__ import annotations

from karat.core.model.instrument import Instrument
from karat.core.model.reasons import Refusal
from karat.ports.cockpit import EventKind
from karat.ports.journal import FillRecord, Happening


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


def refusal_told(refusal: Refusal) -> Happening:
    """The entry filter said no."""
    name = refusal.name.lower()
    return Happening(EventKind.REFUSED, f"An entry was refused: {name.replace('_', ' ')}.", {"reason": name})
