"""S4 and S5: fills are the venue's, each once; positions and money are their exact sums."""

from __future__ import annotations

from decimal import Decimal

from tests.chaos.storm.invariants.base import Change, Check, Found, Known, Sum, adds_risk
from tests.chaos.storm.tape import Committed, Ended, Entry, Heard, Posted, has_done

from karat.core.ids import BotId, ClientOrderId, MarketId
from karat.oms.client_ids import order_key
from karat.ports.cockpit import EventKind
from karat.ports.trading import AccountRecord
from karat.ports.venue import OrderSaid, Submit

_LATELY_MOVED = Decimal("0.05")  # a price of some seconds ago
_DECLARED_LATE_MS = 60_000  # a look is asked for, answered, confirmed by the next, and written


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
                told = event.happening
                if event.bot is not None and told.kind == EventKind.COMMAND and "who" in told.payload:
                    self._halted.pop(known.bots[event.bot].market, None)
        if has_done(entry, "fleet.resume"):
            self._halted.clear()
        if isinstance(entry, Posted) and isinstance(entry.request, Submit) and adds_risk(entry.request):
            over = self._halted.get(entry.request.market)
            if over is not None:
                yield "S4", f"{entry.request.id} adds risk in a market that the overfill of {over} has halted"

    def _change(self, change: Change, known: Known) -> Found:
        order, old = change.new.order, change.old
        key = order_key(order.id)
        if key is None or key.bot != known.numbers.get(change.new.bot, key.bot):
            yield "S4", f"{order.id} is booked to {change.new.bot}, whose name it does not have"
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


class Unbooked(Check):
    """S4: what the process was told of is booked soon, whatever the order had come to before.

    Of an order that it has written down: what a process hears of an older life's and then dies with is found at the
    end (E1). Time in which the journal takes nothing does not count.
    """

    hears = (Heard, Committed, Ended)

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[ClientOrderId, int]] = {}

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Heard) and isinstance(entry.said, OrderSaid):
            fill = entry.said.event.fill
            trade = None if fill is None else known.exchange.by_trade_id.get(fill.id)
            record = None if trade is None else known.records.get(ClientOrderId(trade.order or ""))
            if trade is not None and record is not None and all(one.id != trade.id for one in record.order.fills):
                self._waiting.setdefault(trade.id, (record.order.id, known.writable_ms))
        elif isinstance(entry, Committed):
            for change in known.changes if self._waiting else ():
                for fill in change.fills:
                    self._waiting.pop(fill.id, None)
        elif isinstance(entry, Ended):
            self._waiting.clear()
        return iter(())

    def on_time(self, known: Known) -> Found:
        for name, (order, since) in self._waiting.items():
            if known.writable_ms - since > known.setting.times.book_max:
                yield "S4", f"the fill {name} of {order} was heard and not booked in {known.writable_ms - since} ms"


class Remains(Check):
    """S5: what two bots settle between their books closes as much of the one as of the other, at the market's price."""

    hears = (Committed,)

    def __init__(self) -> None:
        self._seen = set[str]()

    def on(self, entry: Entry, known: Known) -> Found:
        sums: dict[MarketId, tuple[int, Decimal, int]] = {}
        for one in known.settled:
            fill, after = one.fill, one.lots_before + one.side * one.fill.lots
            if fill.id in self._seen:
                yield "S5", f"{fill.id} was settled before"
            self._seen.add(fill.id)
            if one.lots_before * one.side >= 0 or after * one.lots_before < 0:
                yield "S5", f"{fill.id} took {one.bot} from {one.lots_before:+} to {after:+}"
            mark = known.exchange.mark(one.market) * known.exchange.terms[one.market].tick
            if fill.fee or abs(fill.price - mark) > mark * _LATELY_MOVED:
                yield "S5", f"{fill.id} is at {fill.price} with a fee of {fill.fee}, the price is {mark}"
            lots, money, count = sums.get(one.market, (0, Decimal(0), 0))
            flow = one.side * fill.lots * fill.price
            sums[one.market] = lots + one.side * fill.lots, money + flow, count + 1
        for market, (lots, money, count) in sums.items():
            if lots or money or count % 2:
                yield "S5", f"{count} settlements in {market} leave {lots:+} lots and {money} behind"


class Declared(Check):
    """S5: lots that are declared to be nobody's are those that nobody's orders traded. What was declared before is told
    again with every other market."""

    hears = (Committed,)

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def on(self, entry: Entry, known: Known) -> Found:
        external = entry.transaction.facts.get("external") if isinstance(entry, Committed) else None
        for market, lots in (external or {}).items():
            told, before = sum(lots.values()), self._told.get(market)
            self._told[market] = told
            lately = _nobodys_lots_lately(MarketId(market), known)
            if told != before and told not in lately:
                yield "S5", f"{told:+} lots of {market} are said to be nobody's, lately there were {sorted(lately)}"


def _nobodys_lots_lately(market: MarketId, known: Known) -> set[int]:
    """What trades of nobody's orders added up to, at each moment of the last while."""
    sums, lots = {0}, 0
    for trade in known.exchange.trades:
        if trade.market == market and (trade.order is None or order_key(trade.order) is None):
            lots += trade.side * trade.lots
            sums = {*(sums if trade.ts > known.now_ms - _DECLARED_LATE_MS else ()), lots}
    return sums


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
