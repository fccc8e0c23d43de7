"""Our books against the venue, at a start, after a silence and every minute. Entries wait until they agree.

1. A look is asked for; its answer is compared (`karat.oms.reconcile`). What mends a difference by itself is done: words
   about orders, look-ups, fills to fetch, cancels of what was given up.
2. Lots that nothing explains are declared to be nobody's once two looks agree on them, if nothing was filled in that
   market between question and comparison. Its bots are halted: a person has to say whose they are.
3. A look that is not answered in time is asked for again, and entries wait. Its answer still counts when it comes, as
   what it is: an old picture, of which what it misses is mended and by which no entry leaves. Where every answer is
   late, nothing would ever be compared otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.settling import settle_remains
from karat.bots.desk.watching import may_look_up
from karat.bots.desk.words import read_back
from karat.core.ids import ClientOrderId, MarketId
from karat.oms.accounts import EXACT, Terms
from karat.oms.client_ids import Part
from karat.oms.netting import Book as NetBook
from karat.oms.reconcile import Declaration, DriftKind, Ours, Reconciled, VenueView, confirmed, reconcile
from karat.oms.records import Effect, EffectKind, Order
from karat.oms.register import Register
from karat.ports.cockpit import EventKind
from karat.ports.venue import CancelOrder, FetchFills, Look

_POSITIONS = frozenset({DriftKind.POSITION_DIFFERS, DriftKind.POSITION_UNSETTLED, DriftKind.POSITION_NOT_READ})
_MONEY = frozenset({DriftKind.BALANCE_DIFFERS})
_UNANSWERED_MAX = 10  # questions that are remembered: an answer to an older one is passed over
TOLD = frozenset(kind for kind in DriftKind if kind not in {DriftKind.UNSENT, DriftKind.FOUND, DriftKind.UNHEARD})


@dataclass(frozen=True, slots=True)
class _Question:
    """`filled`: how many fills each market had when it was asked."""

    at_ms: int
    filled: Mapping[MarketId, int]


@dataclass(slots=True)
class Reconciler:
    """`opening` is what the venue held per currency before our first fill. `saw` is told of each look."""

    desk: Desk
    saw: Callable[[VenueView], None] = lambda view: None
    starting: bool = True
    opening: dict[str, Decimal] | None = None
    last: Reconciled | None = None
    done_ms: int | None = None
    _looks: int = 0
    _asked: dict[str, _Question] = field(default_factory=dict[str, "_Question"])  # not answered, the oldest first
    _compared: Mapping[MarketId, int] = field(default_factory=dict[MarketId, int])  # and at the last comparison

    def restore(self) -> None:
        """What the journal knows of earlier looks."""
        facts = self.desk.journal.facts()
        opening = facts.get("opening")
        self.opening = None if opening is None else {name: Decimal(amount) for name, amount in opening.items()}

    def tick(self, now_ms: int) -> None:
        """Ask for a look when one is due, and take the answer in when it has come."""
        if self.desk.venue.traits.simulates:
            return
        self._take_answers(now_ms)
        timings = self.desk.timings
        newest = next(reversed(self._asked.values()), None)
        if newest is not None and not self._is_late(newest, now_ms):
            return
        if newest is not None:  # no answer: books and venue may have parted
            self.desk.condition.reconciled = False
        every = timings.reconcile_busy_ms if self._is_busy() else timings.reconcile_ms
        every = min(every, timings.killed_look_ms) if self.desk.condition.killed else every
        due = self.done_ms is None or not 0 <= now_ms - self.done_ms < every  # time may have been set back
        if now_ms >= self.desk.condition.silent_until_ms and (due or not self.desk.condition.reconciled):
            self._looks += 1
            name = f"{self.desk.token}-{self._looks}"
            self._asked[name] = _Question(now_ms, self._fills())
            while len(self._asked) > _UNANSWERED_MAX:
                self._asked.pop(next(iter(self._asked)))
            self.desk.gathered.posts.append(Look(name))
            self.desk.flush()

    def _is_late(self, question: _Question, now_ms: int) -> bool:
        return not 0 <= now_ms - question.at_ms < self.desk.timings.reconcile_answer_ms

    def _left_open(self, found: Reconciled, filled: Mapping[MarketId, int]) -> tuple[Declaration, ...]:
        """What the look before would have declared and this one cannot tell, because an order is on its way that may
        have to do with it: where the difference is the same and nothing was filled, the next look has its word. Exits
        that are refused and tried again would else put it off for ever."""
        same = {(one.subject, int(one.amount)) for one in found.drifts if one.kind is DriftKind.POSITION_UNSETTLED}
        before = () if self.last is None else self.last.declarations
        return tuple(
            one for one in before
            if (one.market, one.lots) in same and filled.get(one.market) == self._compared.get(one.market)
        )  # fmt: skip

    def _fills(self) -> dict[MarketId, int]:
        """How many fills the bots of each market ever had."""
        counts: dict[MarketId, int] = {}
        for book in self.desk.books.values():
            counts[book.record.market] = counts.get(book.record.market, 0) + book.fills
        return counts

    def _is_busy(self) -> bool:
        """Whether something of ours is there that may change unheard."""
        return any(book.kernel.holding.side or book.live_orders() for book in self.desk.books.values())

    def _take_answers(self, now_ms: int) -> None:
        looked = self.desk.looked
        while looked:
            view = looked.popleft().view
            question = self._asked.get(view.id)
            if question is not None:
                while view.id in self._asked:  # and those before it, whose answers would show an older picture
                    self._asked.pop(next(iter(self._asked)))
                self.desk.condition.down.discard("orders")  # who answers is there
                self._compare(view, question, now_ms)

    def _compare(self, view: VenueView, question: _Question, now_ms: int) -> None:
        """Compare, mend, and say whether entries may go on."""
        desk = self.desk
        if self.opening is None:
            self.opening = {name: amount - self._moved().get(name, Decimal()) for name, amount in view.balances.items()}
            fact = {name: str(amount) for name, amount in self.opening.items()}
            desk.gathered.facts["opening"] = fact
            desk.gathered.tell(None, EventKind.RECONCILED, "The first look.", {"facts": {"opening": fact}}, "reconcile")
        self._read_back(view)
        balances = self._balances() if self._is_flat(view) else view.balances
        found = reconcile(Ours(self._register(), self._net_books(), balances, self.starting), view)
        in_time = not self._is_late(question, now_ms)
        if not in_time:  # two old pictures may lack the same trade, whose money would be nobody's
            found = replace(found, drifts=tuple(drift for drift in found.drifts if drift.kind not in _MONEY))
        for event in found.events:
            book = desk.book_of(event.order)
            if book is not None:
                book.take(event, "reconcile")
        for effect in found.effects:
            self._mend(effect, view)
        filled = self._fills()
        still = (one for one in found.declarations if filled.get(one.market) == question.filled.get(one.market))
        found = replace(found, declarations=tuple(still))
        agreed = () if self.last is None else confirmed(self.last, found)
        open_still = self._left_open(found, filled)
        for declaration in agreed:
            self._declare(declaration)
        self._tell(found)
        if any(drift.kind in _MONEY for drift in found.drifts):
            self._explain(found, now_ms)
        if in_time:
            self.saw(view)
        if self.starting:  # the venue answers: what another life sent in vain need not be waited for
            for book in desk.books.values():
                book.planner.older = _of_another_life(book)
        self.starting, self.done_ms, self._compared = False, now_ms, filled
        self.last = replace(found, declarations=(*found.declarations, *open_still))
        desk.condition.reconciled = found.lets_entries and desk.condition.hears_orders and in_time
        differ = {drift.subject for drift in found.drifts if drift.kind in _POSITIONS}
        declared = {one.market for one in agreed}
        for book in desk.books.values():
            if book.record.market not in differ or book.record.market in declared:
                book.doubted_ms = None
            desk.protect(book, "reconcile")
        if in_time:
            settle_remains(desk, view, sorted(view.positions.keys() - differ))
        desk.flush()

    def _read_back(self, view: VenueView) -> None:
        """Orders that are alive there and were let go of here, because they were over, are read back."""
        for theirs in view.orders:
            name = None if theirs.id is None else ClientOrderId(theirs.id)
            book = self.desk.book_of(name)
            if book is not None and name is not None and name not in book.register.orders:
                read_back(self.desk, book, name)

    def _is_flat(self, view: VenueView) -> bool:
        """Money is compared while nothing is held: what a part of a position cost depends on the order of its fills,
        and on what is nobody's."""
        return not any(view.positions.values()) and not any(
            book.account.holding.lots for book in self.desk.books.values()
        )

    def _explain(self, found: Reconciled, now_ms: int) -> None:
        """Money differs while nothing is held. Fills that may have been missed are fetched; what two looks agree on is
        declared to have moved by no bot's doing, and told."""
        desk = self.desk
        since = max((self.done_ms or now_ms) - 10 * desk.timings.reconcile_ms, 0)
        before = set() if self.last is None else {(one.kind, one.subject, one.amount) for one in self.last.drifts}
        for drift in found.drifts:
            if drift.kind is not DriftKind.BALANCE_DIFFERS or self.opening is None:
                continue
            if (drift.kind, drift.subject, drift.amount) not in before or len(found.drifts) > 1:
                desk.gathered.posts += [FetchFills(market, None, since) for market in sorted(self._net_books())]
                continue
            self.opening[drift.subject] = EXACT.add(self.opening.get(drift.subject, Decimal()), drift.amount)
            fact = {name: str(amount) for name, amount in self.opening.items()}
            desk.gathered.facts["opening"] = fact
            text = f"{drift.amount:+} {drift.subject} are at the venue by no bot's doing."
            told = {"alarm": "external_money", "facts": {"opening": fact}}
            desk.gathered.tell(None, EventKind.ALARM, text, told, "reconcile")

    def _mend(self, effect: Effect, view: VenueView) -> None:
        name = effect.order
        book = self.desk.book_of(name)
        if name is None:
            return
        if effect.kind is EffectKind.CANCEL:
            theirs = next((one for one in view.orders if one.id == name), None)
            if theirs is not None:
                self.desk.gathered.posts.append(CancelOrder(name, theirs.market, theirs.venue_id, 0))
        elif book is None or name not in book.register.orders:
            return
        elif effect.kind is EffectKind.LOOK_UP:
            self._look_up(book, name)
        elif effect.kind is EffectKind.FETCH_FILLS:
            book.fetch_fills(book.register.orders[name])
        elif effect.kind is EffectKind.HALT:
            self.desk.halt_market(
                book.record.market, "order_differs", f"{name} is not at the venue what it was meant to be"
            )

    def _look_up(self, book: Book, name: ClientOrderId) -> None:
        order = book.register.orders[name]
        if may_look_up(book, order, self.desk.timings, self.desk.now_ms()):
            book.look_up(order)

    def _declare(self, declaration: Declaration) -> None:
        """Lots that no bot did, told and kept; the market's bots stop."""
        kept = self.desk.external.setdefault(declaration.market, {})
        if declaration.id in kept:
            return
        kept[declaration.id] = declaration.lots
        fact = {market: dict(lots) for market, lots in self.desk.external.items()}
        self.desk.gathered.facts["external"] = fact
        text = f"{declaration.lots:+} lots of {declaration.market} are at the venue that no bot bought or sold."
        told = {"market": declaration.market, "id": declaration.id, "lots": declaration.lots}
        payload = {"declared": told, "facts": {"external": fact}}
        self.desk.gathered.tell(None, EventKind.ALARM, text, {**payload, "alarm": "external_position"}, "reconcile")
        for book in self.desk.books.values():
            if book.record.market == declaration.market:
                book.external_lots = sum(kept.values())
                self.desk.halt(book.record.id, "external_position", text)

    def _tell(self, found: Reconciled) -> None:
        """Differences by name, where they are others than at the look before."""
        before = set() if self.last is None else {(one.kind, one.subject, one.amount) for one in self.last.drifts}
        for drift in found.drifts:
            if drift.kind in TOLD and (drift.kind, drift.subject, drift.amount) not in before:
                words = f"{drift.subject}: {drift.kind.value.replace('_', ' ')} ({drift.amount})."
                payload = {"drift": drift.kind.value, "subject": drift.subject, "amount": str(drift.amount)}
                self.desk.gathered.tell(None, EventKind.RECONCILED, words, payload, "reconcile")
        if not found.drifts and (self.last is None or self.last.drifts):
            self.desk.gathered.tell(None, EventKind.RECONCILED, "Books and venue agree.", {"drift": None}, "reconcile")

    def _register(self) -> Register:
        orders: dict[ClientOrderId, Order] = {}
        for book in self.desk.books.values():
            orders |= book.register.orders
        return Register(orders)

    def _net_books(self) -> Mapping[MarketId, NetBook]:
        """A book per market: the accounts of its bots, and what is nobody's."""
        found: dict[MarketId, NetBook] = {}
        for number, book in self.desk.books.items():
            market = book.record.market
            nobodys = self.desk.external.get(market, {})
            net = found.get(market) or NetBook(Terms.of(book.record.instrument), {}, nobodys)
            found[market] = NetBook(net.terms, {**net.accounts, number: book.account}, net.external)
        return found

    def _moved(self) -> dict[str, Decimal]:
        """What fills, fees and funding have moved per currency since the opening."""
        sums: dict[str, Decimal] = {}
        for book in self.desk.books.values():
            holding = book.account.holding
            moved = [(book.account.terms.settle, holding.realised)]
            moved += [(currency, -amount) for currency, amount in (*holding.fees.items(), *book.paid.items())]
            for currency, amount in moved:
                sums[currency] = EXACT.add(sums.get(currency, Decimal()), amount)
        return sums

    def _balances(self) -> dict[str, Decimal]:
        sums = dict(self.opening or {})
        for currency, amount in self._moved().items():
            sums[currency] = EXACT.add(sums.get(currency, Decimal()), amount)
        return sums


def _of_another_life(book: Book) -> frozenset[ClientOrderId]:
    """Stops and exits that were sent before this life of the book began, and are not over."""
    sent = ((order.id, book.notes[order.id].sent_ms) for order in book.live_of(Part.STOP, Part.EXIT, Part.FLATTEN))
    return frozenset(name for name, sent_ms in sent if sent_ms is not None and sent_ms <= book.began_ms)
