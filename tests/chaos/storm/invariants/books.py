"""S4 and S5: fills are the venue's, each once; positions and money are their exact sums."""

from __future__ import annotations

from decimal import Decimal

from tests.chaos.storm.invariants.base import Change, Check, Found, Known, Sum, adds_risk
from tests.chaos.storm.tape import Committed, Entry, Posted, has_done

from karat.core.ids import BotId, MarketId
from karat.oms.client_ids import order_key
from karat.ports.cockpit import EventKind as Told
from karat.ports.trading import AccountRecord
from karat.ports.venue import Submit


class Fills(Check):
    """S4: booked is what the venue traded, each trade once, nothing falls away; an overfill halts its market."""

    hears = (Committed, Posted)

    def __init__(self) -> None:
        self._booked: dict[str, str] = {}
        self._halted: dict[str, str] = {}

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Committed):
            for change in known.changes:
                yield from self._change(change, known)
            for event in entry.transaction.events:  # a person has let a bot go on: whoever does has looked
                if event.bot is not None and event.happening.kind == Told.COMMAND and "who" in event.happening.payload:
                    self._halted.pop(known.bots[event.bot].market, None)
        if has_done(entry, "fleet.resume"):
            self._halted.clear()
        if isinstance(entry, Posted) and isinstance(entry.request, Submit) and adds_risk(entry.request):
            over = self._halted.get(entry.request.market)
            if over is not None:
                yield "S4", f"{entry.request.id} adds risk in a market that the overfill of {over} has halted"

    def _change(self, change: Change, known: Known) -> Found:
        order, old = change.new.order, change.old
        now = {fill.id for fill in order.fills}
        if old is not None and not {fill.id for fill in old.order.fills} <= now:
            yield "S4", f"{order.id} lost a fill that was booked"
        for fill in change.fills:
            trade = known.exchange.by_trade_id.get(fill.id)
            first = self._booked.setdefault(fill.id, order.id)
            if trade is None or trade.order != order.id:
                yield "S4", f"{order.id} has the fill {fill.id}, which is no trade of it"
            elif (trade.lots, trade.price, trade.fee, trade.side) != (fill.lots, fill.price, fill.fee, order.side):
                yield "S4", f"the fill {fill.id} of {order.id} is not the trade of the venue"
            if first != order.id:
                yield "S4", f"the fill {fill.id} is booked to {first} and to {order.id}"
        if len(now) != len(order.fills):
            yield "S4", f"{order.id} has one fill twice"
        if order.filled_lots > order.lots and change.fills:
            self._halted[order.market] = order.id


class Sums(Check):
    """S5: lots, money and fees of each account are those of its fills, to the last digit."""

    hears = (Committed,)

    def __init__(self) -> None:
        self._accounts: dict[tuple[BotId, MarketId], AccountRecord] = {}

    def on(self, entry: Entry, known: Known) -> Found:
        if not isinstance(entry, Committed):
            return
        for account in entry.transaction.accounts:
            self._accounts[account.bot, account.market] = account
        told = [(account.bot, account.market) for account in entry.transaction.accounts]
        filled = [(change.new.bot, change.new.order.market) for change in known.changes if change.fills]
        for place in dict.fromkeys([*told, *filled]):
            yield from self._compared(place, known)

    def _compared(self, place: tuple[BotId, MarketId], known: Known) -> Found:
        account, total = self._accounts.get(place), known.sums.get(place, Sum())
        if account is None:
            yield "S5", f"{place[0]} has fills in {place[1]} and no account"
            return
        if account.lots != total.lots:
            yield "S5", f"{place[0]} is said to hold {account.lots} lots of {place[1]}, its fills make {total.lots}"
            return
        cost = account.cost if account.lots > 0 else -account.cost
        if account.realised - cost != total.flow:
            yield "S5", f"money of {place[0]} in {place[1]}: {account.realised - cost}, its fills make {total.flow}"
        fees = {currency: fee for currency, fee in account.fees.items() if fee}
        if fees != {currency: fee for currency, fee in total.fees.items() if fee}:
            yield "S5", f"fees of {place[0]} in {place[1]}: {dict(account.fees)}, its fills make {total.fees}"


def external(known: Known) -> tuple[dict[MarketId, int], Decimal, Decimal]:
    """What nobody's orders did at the venue: lots by market, money that came in, fees."""
    lots: dict[MarketId, int] = {}
    flow, fees = Decimal(0), Decimal(0)
    for trade in known.exchange.trades:
        if trade.order is None or order_key(trade.order) is None:
            lots[trade.market] = lots.get(trade.market, 0) + trade.side * trade.lots
            flow -= trade.side * known.value(trade.market, trade.lots, trade.price)
            fees += trade.fee
    return lots, flow, fees
