"""Our books against the venue, at a start, after a silence and every minute. Entries wait until they agree.

1. A look is asked for; its answer is compared (`karat.oms.reconcile`). What mends a difference by itself is done: words
   about orders, look-ups, fills to fetch, cancels of what was given up.
2. Lots that nothing explains are declared to be nobody's once two looks agree on them. The bots of that market are
   halted: a person has to say whose they are.
3. A look that is not answered is asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from karat.bots.desk.desk import Desk
from karat.core.ids import ClientOrderId, MarketId
from karat.oms.accounts import EXACT, Terms
from karat.oms.netting import Book as NetBook
from karat.oms.reconcile import Declaration, DriftKind, Ours, Reconciled, VenueView, confirmed, reconcile
from karat.oms.records import Effect, EffectKind, Order
from karat.oms.register import Register
from karat.ports.cockpit import EventKind
from karat.ports.venue import CancelOrder, FetchFills, Look

TOLD = frozenset(kind for kind in DriftKind if kind not in {DriftKind.UNSENT, DriftKind.FOUND, DriftKind.UNHEARD})


@dataclass(slots=True)
class Reconciler:
    """`opening` is what the venue held per currency before our first fill. `external` are lots that are nobody's;
    `saw` is told of each look."""

    desk: Desk
    saw: Callable[[VenueView], None] = lambda view: None
    starting: bool = True
    external: dict[MarketId, dict[str, int]] = field(default_factory=dict[MarketId, dict[str, int]])
    opening: dict[str, Decimal] | None = None
    last: Reconciled | None = None
    asked_ms: int | None = None
    done_ms: int | None = None
    _looks: int = 0
    _waiting: str = ""

    def restore(self) -> None:
        """What the journal knows of earlier looks."""
        facts = self.desk.journal.facts()
        told = facts.get("external", {})
        self.external = {MarketId(market): dict(lots) for market, lots in told.items()}
        opening = facts.get("opening")
        self.opening = None if opening is None else {name: Decimal(amount) for name, amount in opening.items()}

    def tick(self, now_ms: int) -> None:
        """Ask for a look when one is due, and take the answer in when it has come."""
        if self.desk.venue.traits.simulates:
            return
        self._take_answers(now_ms)
        timings = self.desk.timings
        if self._waiting and self.asked_ms is not None and now_ms - self.asked_ms < timings.reconcile_answer_ms:
            return
        every = timings.killed_look_ms if self.desk.condition.killed else timings.reconcile_ms
        due = self.done_ms is None or now_ms - self.done_ms >= every
        if due or not self.desk.condition.reconciled:
            self._looks += 1
            self._waiting = f"{self.desk.token}-{self._looks}"
            self.asked_ms = now_ms
            self.desk.gathered.posts.append(Look(self._waiting))
            self.desk.flush()

    def _take_answers(self, now_ms: int) -> None:
        looked = self.desk.looked
        while looked:
            view = looked.popleft().view
            if view.id == self._waiting:
                self._waiting = ""
                self._compare(view, now_ms)

    def _compare(self, view: VenueView, now_ms: int) -> None:
        """Compare, mend, and say whether entries may go on."""
        desk = self.desk
        if self.opening is None:
            self.opening = {name: amount - self._moved().get(name, Decimal()) for name, amount in view.balances.items()}
            desk.gathered.facts["opening"] = {name: str(amount) for name, amount in self.opening.items()}
        found = reconcile(Ours(self._register(), self._net_books(), self._balances(), self.starting), view)
        for event in found.events:
            book = desk.book_of(event.order)
            if book is not None:
                book.take(event, "reconcile")
        for effect in found.effects:
            self._mend(effect, view)
        if self.last is not None:
            for declaration in confirmed(self.last, found):
                self._declare(declaration)
        self._tell(found)
        if any(drift.kind is DriftKind.BALANCE_DIFFERS for drift in found.drifts):
            since = max((self.done_ms or now_ms) - 10 * desk.timings.reconcile_ms, 0)
            desk.gathered.posts += [FetchFills(market, None, since) for market in sorted(self._net_books())]
        self.saw(view)
        self.starting, self.last, self.done_ms = False, found, now_ms
        desk.condition.reconciled = found.lets_entries and desk.condition.linked
        for book in desk.books.values():
            desk.protect(book, "reconcile")
        desk.flush()

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
            book.look_up(book.register.orders[name])
        elif effect.kind is EffectKind.FETCH_FILLS:
            book.fetch_fills(book.register.orders[name])
        elif effect.kind is EffectKind.HALT:
            self.desk.halt(book.record.id, "order_differs", f"{name} is not at the venue what it was meant to be")

    def _declare(self, declaration: Declaration) -> None:
        """Lots that no bot did, told and kept; the market's bots stop."""
        kept = self.external.setdefault(declaration.market, {})
        if declaration.id in kept:
            return
        kept[declaration.id] = declaration.lots
        self.desk.gathered.facts["external"] = {market: dict(lots) for market, lots in self.external.items()}
        text = f"{declaration.lots:+} lots of {declaration.market} are at the venue that no bot bought or sold."
        payload = {"declared": {"market": declaration.market, "id": declaration.id, "lots": declaration.lots}}
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
            net = found.get(market) or NetBook(Terms.of(book.record.instrument), {}, self.external.get(market, {}))
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
