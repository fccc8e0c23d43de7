"""E1, E2, E3, E5 to E8: when the faults have stopped, after kill and drain. E4 compares two runs (`log.log_hash`)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tests.chaos.storm.invariants.base import Found, Known, Sum
from tests.chaos.storm.invariants.books import external
from tests.chaos.storm.loop import VirtualLoop
from tests.chaos.storm.parts import Plug
from tests.chaos.storm.tape import Committed, Tape

from karat.core.ids import ClientOrderId
from karat.core.model.reasons import Refusal
from karat.oms.client_ids import Part, order_key
from karat.oms.records import TERMINAL, Status
from karat.ports.journal import BarEntry
from karat.ports.trading import TradingJournal


def same_truth(known: Known, journal: TradingJournal) -> Found:
    """E1: orders, fills and positions are the venue's; the journal says what its transactions said."""
    exchange = known.exchange
    for trade in exchange.trades:
        if trade.order is None or order_key(trade.order) is None:
            continue
        record = known.records.get(ClientOrderId(trade.order))
        if record is None or trade.id not in {fill.id for fill in record.order.fills}:
            yield "E1", f"the trade {trade.id} of {trade.order} is not booked"
    lots, _, _ = external(known)
    for market, held in exchange.held.items():
        if known.net_lots(market) + lots.get(market, 0) != held.lots:
            theirs = held.lots - lots.get(market, 0)
            yield "E1", f"{market}: booked are {known.net_lots(market)} lots, the venue has {theirs} of ours"
    for order in exchange.live.values():
        record = known.records.get(ClientOrderId(order.id or ""))
        if record is not None and record.order.status in TERMINAL and not record.order.alive:
            yield "E1", f"{order.id} is alive at the venue and {record.order.status.name} here"
    for bot in known.bots:
        for record in journal.orders_of(bot):
            if known.records.get(record.order.id) != record:
                yield "E1", f"the journal has {record.order.id} otherwise than its transactions wrote it"


def nothing_open(known: Known) -> Found:
    """E2: nothing under way, no stop without a position."""
    for record in known.records.values():
        if record.order.status in (Status.INTENDED, Status.SENT, Status.UNKNOWN):
            yield "E2", f"{record.order.id} is still {record.order.status.name}"
    for order in known.exchange.live.values():
        key = order_key(order.id or "")
        if key is not None and key.part == Part.STOP and known.exchange.held[order.market].lots * order.side >= 0:
            yield "E2", f"the stop {order.id} is left without a position"


def replays(plug: Plug, journal: TradingJournal, events: list) -> Found:
    """E3: folding the log from empty gives what the tables hold."""
    if plug.replayed(events) != plug.stored(journal):
        yield "E3", "the events, folded, are not what the tables hold"


def flat(known: Known) -> Found:
    """E5: after a kill nothing is held and nothing is open, stops included."""
    lots, _, _ = external(known)
    for market, held in known.exchange.held.items():
        if known.exposed_lots(market) and known.exchange.terms[market].open:
            by_others = lots.get(market, 0)
            yield "E5", f"{held.lots} lots of {market} are held after the kill, {by_others} of them by others"
    for order in known.exchange.live.values():
        if order_key(order.id or "") is not None:
            yield "E5", f"{order.id} is open after the kill"


def money(known: Known, wallets: Callable[[], dict[str, Decimal]]) -> Found:
    """E6: what the venue's wallet went through is what we booked, to the last digit."""
    _, flow, fees = external(known)
    for currency, theirs in known.exchange.money.items():
        ours_flow = sum((one.flow for one in known.sums.values()), Decimal(0))
        ours_fees = sum((one.fees.get(currency, Decimal(0)) for one in known.sums.values()), Decimal(0))
        if ours_flow + flow != theirs.flow or ours_fees + fees != theirs.fees:
            yield (
                "E6",
                f"{currency}: booked {ours_flow} and fees {ours_fees}, the venue {theirs.flow} and {theirs.fees}",
            )
        is_ours = not flow and not fees and not any(held.lots for held in known.exchange.held.values())
        ours = wallets().get(currency) if is_ours else None
        if is_ours and ours != theirs.wallet:
            yield "E6", f"{currency}: our ledger has {ours}, the venue's wallet {theirs.wallet}"


def nothing_leaked(loop: VirtualLoop) -> Found:
    """E7: an orderly end leaves no task, and nothing has failed unseen."""
    for task in loop.pending:
        yield "E7", f"a task is left: {task.get_coro()!r}"
    for error in loop.unhandled:
        yield "E7", f"nobody handled: {error}"


def traced(known: Known, journal: TradingJournal, tape: Tape) -> Found:
    """E8: every order at the venue leads back to its decision; every "no" has a reason."""
    for order in known.exchange.orders.values():
        key = order_key(order.id or "")
        record = known.records.get(ClientOrderId(order.id or ""))
        if key is None:
            continue
        if record is None:
            yield "E8", f"{order.id} leads back to nothing"
        elif key.part in (Part.ENTRY, Part.LIMIT):
            until = record.decision_ts + 1
            if not journal.traces(record.bot, record.decision_ts, until):
                yield "E8", f"{order.id} has no trace of its decision at {record.decision_ts}"
        elif record.parent is not None and record.parent not in known.records:
            yield "E8", f"{order.id} protects {record.parent}, which there never was"
    for entry in tape.entries:
        for bar in entry.transaction.bars if isinstance(entry, Committed) else ():
            if isinstance(bar, BarEntry) and _silent(bar) and not journal.traces(bar.bot, bar.ts, bar.ts + 1):
                yield "E8", f"{bar.bot} was denied its signal at {bar.ts} without a reason"


def totals(known: Known) -> dict[str, Sum]:
    """What was booked, for a readable end of a replay."""
    return {f"{bot} {market}": one for (bot, market), one in known.sums.items()}


def _silent(bar: BarEntry) -> bool:
    return bar.decision.asked and not bar.decision.ordered and bar.decision.refusal == Refusal.NONE
