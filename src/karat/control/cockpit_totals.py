"""Sums over the bots of one book: one mode, one currency."""

from __future__ import annotations

from collections.abc import Sequence

from karat.control.cockpit_marks import Floats, drawdowns
from karat.control.cockpit_rows import NO_STOP, at_stop
from karat.control.cockpit_standing import NO_BAR, Standing, fraction_of
from karat.ports.cockpit import Book, BotRow, Figure, Totals


def book_of(standing: Standing) -> Book:
    return Book(standing.record.mode, standing.record.currency)


def totals(book: Book, standings: Sequence[Standing], rows: Sequence[BotRow], path: Floats) -> Totals:
    """`rows` belong to `standings`; `path` is the summed equity of those bots that have a bar, oldest first."""
    known = [one for one in standings if one.state is not None]
    held = [one for one in known if one.exposure != 0.0]
    capital = sum(one.capital for one in known)
    equity = _sum([row.equity for row in rows], bool(known))
    today = _sum([row.today for row in rows], bool(known))
    began = equity - today if isinstance(equity, float) and isinstance(today, float) else NO_BAR
    falls = drawdowns(capital, path)
    bounded = [one for one in held if one.stop_price is not None]
    return Totals(
        book=book,
        bots=len(standings),
        missing=len(standings) - len(known),
        capital=capital,
        equity=equity,
        today=today,
        today_fraction=fraction_of(today, began),
        open_pnl=_sum([row.open_pnl for row in rows], bool(known)),
        drawdown=float(falls[-1]) if len(falls) else NO_BAR,
        drawdown_deepest=float(falls.min()) if len(falls) else NO_BAR,
        at_stops=NO_STOP if held and not bounded else _sum([at_stop(one) for one in bounded], bool(known)),
        positions=len(held),
        unbounded=len(held) - len(bounded),
        trades=sum(row.trades for row in rows),
        exposure_gross=fraction_of(_sum([abs(one.exposure) for one in known], bool(known)), equity),
        exposure_net=fraction_of(_sum([one.exposure for one in known], bool(known)), equity),
    )


def _sum(figures: Sequence[Figure], known: bool) -> Figure:
    """Sum of the figures there are; undefined while no bot has a bar."""
    return sum((one for one in figures if isinstance(one, float)), 0.0) if known else NO_BAR
