"""karat why: the reason a bot did, or did not, trade at a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.bot_commands import journal_if_any, no_bot
from karat.app.console import say, show, show_json
from karat.core.ids import BotId
from karat.core.time import iso, parse_time_ms

if TYPE_CHECKING:
    from karat.control.why import Explained

Json = Annotated[bool, Parameter(name="--json", negative="")]


def why_command(bot: str, time: str, *, last: int = 1, as_json: Json = False) -> None:
    """Say why a bot did, or did not, trade at a bar.

    Parameters
    ----------
    bot
        As karat bots list names it.
    time
        The bar that opens nearest to this time, for example 2024-01-31T12:00.
    last
        This many bars, of which that is the last.
    as_json
        Print one JSON object.
    """
    from karat.control.why import explained

    asked_ts, journal = parse_time_ms(time), journal_if_any()
    if journal is None:
        raise no_bot()
    try:
        found = explained(journal, BotId(bot), asked_ts, last)
    finally:
        journal.close()
    if as_json:
        show_json({"bot": bot, "asked_ts": asked_ts, "bars": [_json(one) for one in found]})
    elif last == 1:
        _show_chain(found[0])
    else:
        _show_bars(found)


def _json(one: Explained) -> dict[str, Any]:
    return {
        "bar": one.bar,
        "ts": one.ts,
        "close": one.close,
        "equity": one.equity,
        "position_lots": one.position,
        "first": one.first,
        "reason": one.reason,
        "since_ts": one.since_ts,
        "gates": [{"gate": gate.name, "verdict": gate.verdict, "reason": gate.reason} for gate in one.gates],
        "orders": [
            {
                "id": record.order.id,
                "side": record.order.side,
                "lots": record.order.lots,
                "filled_lots": record.order.filled_lots,
                "status": record.order.status.name.lower(),
                "reason": record.reason.name.lower(),
            }
            for record in one.orders
        ],
        "fills": [
            {"side": fill.side, "lots": fill.lots, "price": fill.price, "reason": fill.reason.name.lower()}
            for fill in one.fills
        ],
    }


def _show_chain(one: Explained) -> None:
    from rich.table import Table

    table = Table("gate", "verdict", "why")
    for gate in one.gates:
        table.add_row(gate.name, gate.verdict, gate.reason)
    show(table)
    held = f"{one.position} lots held" if one.position else "no position"
    say(f"Bar {one.bar}, {iso(one.ts)}: close {one.close:.10g}, equity {one.equity:,.2f}, {held} at its close.")
    say(f"{_verdict(one)} It has been so since {iso(one.since_ts)}.")
    for text in _moves(one):
        say(text)


def _show_bars(found: tuple[Explained, ...]) -> None:
    from rich.table import Table

    table = Table("bar", "opens", "close", "lots", "first no", "why", "orders and fills")
    for one in found:
        moves = " ".join(_moves(one))
        table.add_row(
            str(one.bar), iso(one.ts), f"{one.close:.10g}", str(one.position), one.first or "-", one.reason, moves
        )
    show(table)


def _verdict(one: Explained) -> str:
    return f"First no: {one.first}, {one.reason}." if one.first else f"Nothing said no: {one.reason}."


def _moves(one: Explained) -> list[str]:
    told = [
        f"Ordered: {'buy' if record.order.side > 0 else 'sell'} {record.order.lots} lots, "
        f"{record.order.status.name.lower().replace('_', ' ')}."
        for record in one.orders
    ]
    return told + [
        f"Filled: {'bought' if fill.side > 0 else 'sold'} {fill.lots} lots at {fill.price:.10g}, "
        f"{fill.reason.name.lower()}."
        for fill in one.fills
    ]
