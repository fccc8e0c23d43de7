"""What closes a position may only make it smaller: S7."""

from __future__ import annotations

from tests.chaos.storm.invariants.base import Change, Check, Found, Known, opens
from tests.chaos.storm.tape import Committed, Entry, Posted

from karat.core.ids import BotId, ClientOrderId, MarketId
from karat.oms.client_ids import Part, order_key, part_of
from karat.oms.records import Status
from karat.ports.trading import OrderRecord
from karat.ports.venue import Submit

_OPPOSED_LATELY_MS = 60_000
_PROTECT = frozenset({Part.STOP, Part.TAKE})
_CLOSE = frozenset({Part.EXIT, Part.FLATTEN})


class ExitsOnlyReduce(Check):
    """S7: protective orders are marked; an exit never grows or turns the position of its bot, nor of the account.

    A venue's mark looks at the account. An exit may leave without one only where other bots of its market hold more of
    the other side, or did lately, and bounded by what its bot holds. And an exit that lies ready while another closes
    the position may meet what a hand brought in, or what other bots hold on its side: never more than that, and what
    its bot has of them then is gone soon. An entry that opens a position leaves when all that closed the one before is
    over: else what is left of that could close the new one, or, of a bot that turns, the exit become an entry.
    """

    hears = (Posted, Committed)

    def __init__(self) -> None:
        self._seen = 0
        self._turned: dict[tuple[BotId, MarketId], tuple[int, int]] = {}  # side brought in, and when
        self._opposed_ms: dict[MarketId, int] = {}  # when bots of a market last stood against each other

    def on(self, entry: Entry, known: Known) -> Found:
        if isinstance(entry, Posted) and isinstance(entry.request, Submit):
            yield from self._posted(entry.request, known)
        if isinstance(entry, Committed):
            for change in known.changes:
                yield from self._booked(change, known)
            self._turned = {  # until it is gone, or outweighed by an entry of the other side
                place: turned for place, turned in self._turned.items() if known.bot_lots(*place) * turned[0] > 0
            }
            self._look_at_sides(known)

    def _is_opposed(self, market: MarketId, known: Known) -> bool:
        return known.now_ms - self._opposed_ms.get(market, -_OPPOSED_LATELY_MS) < _OPPOSED_LATELY_MS

    def on_time(self, known: Known) -> Found:
        for trade in known.exchange.trades[self._seen :]:
            after = trade.before + trade.side * trade.lots
            if known.exchange.orders[trade.venue_id].reduce_only and abs(after) >= abs(trade.before):
                yield "S7", f"the reduce-only order {trade.order} took the position from {trade.before} to {after}"
        self._seen = len(known.exchange.trades)
        times = known.setting.times
        for (bot, market), (side, since) in self._turned.items():
            if not self._can_go(bot, market, known):
                self._turned[bot, market] = side, known.good_ms
            elif known.good_ms - since > times.unprotected_max + times.flatten_max:
                yield "S7", f"{bot} holds {known.bot_lots(bot, market)} lots of {market} that an exit brought in"
        self._look_at_sides(known)

    def _can_go(self, bot: BotId, market: MarketId, known: Known) -> bool:
        """Whether there is anything at the venue that could be closed for a bot, and an order for it would be taken."""
        terms = known.exchange.terms[market]
        worth = terms.value(abs(known.bot_lots(bot, market)), known.exchange.mark(market))
        return terms.open and known.exposed_lots(market) != 0 and worth >= terms.min_notional

    def _look_at_sides(self, known: Known) -> None:
        for market in known.setting.markets:
            sides = {one.lots > 0 for (_, where), one in known.sums.items() if where == market and one.lots}
            if len(sides) == 2:
                self._opposed_ms[market] = known.now_ms

    def _posted(self, asked: Submit, known: Known) -> Found:
        key, record = order_key(asked.id), known.records.get(asked.id)
        if key is None or record is None or asked.reduce_only:
            return
        if opens(asked.id):
            yield from self._beside_exits(record, known)
        if key.part in _PROTECT:
            yield "S7", f"the protective order {asked.id} is not marked reduce-only"
        if key.part not in _CLOSE:
            return
        if not self._is_opposed(asked.market, known) and not known.is_truly_opposed(asked.market):
            yield "S7", f"the exit {asked.id} is not marked reduce-only, and nobody stands against it"
        held, true = known.bot_lots(record.bot, asked.market), known.true_lots(record.bot, asked.market)
        if all(lots * asked.side >= 0 or asked.lots > abs(lots) for lots in (held, true)):
            yield "S7", f"the exit {asked.id} of {asked.lots * asked.side:+} lots meets a position of {held:+}"

    def _beside_exits(self, entry: OrderRecord, known: Known) -> Found:
        grows = entry.opening is not None and entry.opening.is_add
        for one in known.records.values():
            if one.bot != entry.bot or one.order.market != entry.order.market or one.order.is_over:
                continue
            if part_of(one.order.id) in (_CLOSE if grows else _CLOSE | _PROTECT):
                yield "S7", f"the entry {entry.order.id} leaves while {one.order.id} is {one.order.status.name}"

    def _booked(self, change: Change, known: Known) -> Found:
        order, key = change.new.order, order_key(change.new.order.id)
        if key is None or key.part in (Part.ENTRY, Part.LIMIT) or order.filled_lots > order.lots or not change.fills:
            return
        after = change.lots_before + order.side * sum(fill.lots for fill in change.fills)
        beyond = abs(after) if after * order.side > 0 else 0
        place = change.new.bot, order.market
        if beyond and known.true_lots(*place) * order.side <= 0:  # what it closed is not booked yet
            self._turned.setdefault(place, (order.side, known.good_ms))
            return
        if beyond and (change.lots_before * order.side <= 0 or place in self._turned):
            others = sum(
                max(
                    -lots * order.side
                    for lots in (0, known.bot_lots(*there), known.lots_before.get(there, 0), known.true_lots(*there))
                )
                for there in known.sums if there[1] == order.market and there != place
            )  # fmt: skip
            if beyond <= known.by_hand_lots(order.market, -order.side) + others:
                self._turned.setdefault(place, (order.side, known.good_ms))
                return
        if abs(after) >= abs(change.lots_before) or after * change.lots_before < 0:
            yield "S7", f"the exit {order.id} took {change.new.bot} from {change.lots_before:+} to {after:+}"


class Outsized(Check):
    """S7: no stop stands long for more than its bot holds, with nothing under way: it could close what is another's.
    Where others outweigh the bot it closes nothing, and none could take its place."""

    def __init__(self) -> None:
        self._since: dict[str, int] = {}

    def on_time(self, known: Known) -> Found:
        times, before, self._since = known.setting.times, self._since, {}
        for order in known.exchange.live.values():
            record = known.records.get(ClientOrderId(order.id)) if order.id is not None else None
            if record is None or order.trigger_ticks is None or not known.exchange.terms[order.market].open:
                continue
            if order.side * known.exchange.held[order.market].lots >= 0:
                continue
            held = max(-order.side * known.bot_lots(record.bot, order.market), 0)
            if order.left <= held or order.left <= -order.side * known.true_lots(record.bot, order.market):
                continue
            if _is_at_work(record.bot, known):
                continue
            since = self._since[record.order.id] = before.get(record.order.id, known.good_ms)
            if known.good_ms - since > times.unprotected_max + times.flatten_max:
                yield "S7", f"{record.order.id} stands for {order.left} lots, {record.bot} holds {held}"


def _is_at_work(bot: BotId, known: Known) -> bool:
    return any(one.bot == bot and one.order.status in (Status.SENT, Status.UNKNOWN) for one in known.records.values())
