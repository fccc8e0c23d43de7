"""S11 and L2: a position is covered, soon after each fill, or gone."""

from __future__ import annotations

from tests.chaos.storm.invariants.base import Check, Found, Known
from tests.chaos.storm.tape import Entry, Posted

from karat.core.ids import BotId, ClientOrderId, MarketId
from karat.oms.client_ids import Part, order_key
from karat.oms.records import TERMINAL, EventKind, Order, Status
from karat.ports.venue import CancelOrder

_MONITOR_FRESH_MS = 5_000
_ENDS = frozenset({EventKind.EXPIRE, EventKind.CANCEL_DONE, EventKind.REJECT})
_COVER = frozenset({Status.ACKNOWLEDGED, Status.PARTLY_FILLED})


def _needed_lots(bot: BotId, market: MarketId, known: Known) -> int:
    """What of a bot's lots is at the venue for sure: on the side of the account, not what a hand may have taken away
    from it, or from another bot of that side, and no more than all bots come to together."""
    own = known.bot_lots(bot, market)
    by_others = sum(
        trade.side * trade.lots for trade in known.exchange.trades if trade.order is None and trade.market == market
    )
    if own * (known.net_lots(market) + by_others) <= 0 or own * known.exchange.held[market].lots <= 0:
        return 0
    side = 1 if own > 0 else -1
    return max(min(abs(own) - max(-side * by_others, 0), side * known.net_lots(market)), 0)


def _is_a_bots(market: MarketId, held: int, known: Known) -> bool:
    return any(known.true_lots(bot, market) * held > 0 for bot in known.bots)


class Cover(Check):
    """Time without cover counts while the venue is reachable, the process up and the market open.

    S11: live reduce-only stops cover what the bots hold, or the own monitor has a fresh price. L2: the stops do, or the
    position is gone `flatten_max` later. What a hand brought in is nobody's to cover, nor is what is on a side of which
    no bot has anything by the venue's own trades.
    """

    hears = (Posted,)

    def __init__(self) -> None:
        self._seen = 0
        self._ours: dict[MarketId, int] = {}
        self._hands: dict[MarketId, int] = {}
        self._bare_since: dict[MarketId, int] = {}
        self._unwatched_since: dict[MarketId, int] = {}
        self._asked: dict[ClientOrderId, int] = {}  # what a stop was needed for when it was first asked to go
        self.unprotected_ms = 0

    def on(self, entry: Entry, known: Known) -> Found:
        if not isinstance(entry, Posted) or not isinstance(entry.request, CancelOrder):
            return
        key, record = order_key(entry.request.id), known.records.get(entry.request.id)
        if key is None or record is None or key.part != Part.STOP or self._has_ended(record.order, known):
            return  # one that has ended by the venue's word covers nothing, whatever an older look shows
        market, own = record.order.market, known.bot_lots(record.bot, record.order.market)
        need = _needed_lots(record.bot, market, known) if own * record.order.side < 0 else 0
        need = min(need, max(-record.order.side * known.true_lots(record.bot, market), 0))  # some may not be booked yet
        need = min(need, self._asked.setdefault(record.order.id, need))  # asked again, after the position has grown
        there = {order.id for order in known.exchange.live.values()}  # what is not written yet is there all the same
        others = [
            one.order for one in known.records.values()
            if one.bot == record.bot and one.order.id != record.order.id and one.order.trigger_ticks is not None
            and one.order.side == record.order.side
            and (one.order.status in _COVER or (one.order.id in there and one.order.status not in TERMINAL))
        ]  # fmt: skip
        if sum(order.open_lots for order in others) < need:
            yield "S11", f"{record.order.id} is asked to go before another stop covers the {need} lots of {record.bot}"

    def _has_ended(self, order: Order, known: Known) -> bool:
        """By the venue's word, written or not."""
        return order.status in TERMINAL or any(event.kind in _ENDS for event in known.heard.get(order.id, ()))

    def on_time(self, known: Known) -> Found:
        self._count(known)
        times = known.setting.times
        for market, held in known.exchange.held.items():
            terms, bare = known.exchange.terms[market], self._bare_lots(market, held.lots, known)
            if not terms.open or bare < max(terms.min_lots, 1):  # the venue would take no order for it
                self._bare_since.pop(market, None)
                self._unwatched_since.pop(market, None)
                continue
            since = self._bare_since.setdefault(market, known.good_ms)
            late = known.good_ms - since > times.unprotected_max + times.flatten_max
            if late and _is_a_bots(market, held.lots, known):
                yield "L2", f"{market}: {bare} lots without a stop for {known.good_ms - since} ms, and not flat"
            watched = known.watched
            age = None if watched is None else watched.price_age_ms(market)
            if age is not None and age <= _MONITOR_FRESH_MS:
                self._unwatched_since.pop(market, None)
                continue
            since = self._unwatched_since.setdefault(market, known.good_ms)
            if known.good_ms - since > times.unprotected_max and _is_a_bots(market, held.lots, known):
                yield "S11", f"{market}: {bare} lots with neither stop nor monitor for {known.good_ms - since} ms"

    def _count(self, known: Known) -> None:
        """A hand that closes takes its own lots first, then the bots'."""
        for trade in known.exchange.trades[self._seen :]:
            market, lots = trade.market, trade.side * trade.lots
            if trade.order is None:
                hands = self._hands.get(market, 0)
                closes = known.exchange.orders[trade.venue_id].reduce_only
                own = trade.side * min(trade.lots, max(-hands * trade.side, 0)) if closes else lots
                self._hands[market] = hands + own
                lots -= own
            self._ours[market] = self._ours.get(market, 0) + lots
        self._seen = len(known.exchange.trades)

    def _bare_lots(self, market: MarketId, held: int, known: Known) -> int:
        ours = self._ours.get(market, 0)
        exposed = min(abs(held), abs(ours)) if held * ours > 0 else 0
        if not exposed:
            return 0
        live = known.exchange.live.values()
        stops = [order for order in live if order.market == market and order.trigger_ticks is not None]
        covered = sum(order.left for order in stops if order.reduce_only and order.side * held < 0)
        return max(exposed - covered, 0)
