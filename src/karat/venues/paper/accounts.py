"""The paper venue's accounts: one per bot, in the kernel's records and in exact decimals side by side.

The kernel's records decide (what is affordable, where a liquidation lies), because they give the bits of a backtest.
The exact book answers looks, because the desk's books are exact and the two must agree to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from karat.core.calc.money import result
from karat.core.ids import ClientOrderId, MarketId
from karat.kernel.booking import book_add, book_close, book_open, charge
from karat.kernel.engine import Inputs
from karat.kernel.fills import ENTRY
from karat.kernel.marks import settled
from karat.kernel.modes import is_inverse
from karat.kernel.records import Blocks, Money, Rules, Trade
from karat.kernel.records import Holding as KernelHolding
from karat.oms.accounts import EXACT, Holding, SidedFill, Terms, booked
from karat.oms.records import EventKind, Fill
from karat.ports.venue import OrderSaid, Standing, Submit

NAN = float("nan")
ENDED_KEPT = 1_000  # per bot: of these fills and last words can be asked for; of older ones only the name is kept


@dataclass(slots=True, eq=False)
class Resting:
    """An order at the venue. `fresh`: it came in this process and has not met an open yet; `end`: how it ended."""

    submit: Submit
    venue_id: str
    filled: int = 0
    fresh: bool = True
    end: EventKind | None = None
    reason: str = ""
    fills: list[OrderSaid] = field(default_factory=list[OrderSaid])

    @property
    def alive(self) -> bool:
        return self.end is None

    @property
    def open_lots(self) -> int:
        return self.submit.lots - self.filled if self.end is None else 0

    @property
    def is_market(self) -> bool:
        return self.submit.limit_ticks is None and self.submit.trigger_ticks is None


@dataclass(frozen=True, slots=True)
class ExactBook:
    """The desk's exact book of a bot and the balance with it, in the currency of its `Standing`."""

    holding: Holding
    balance: Decimal


@dataclass(slots=True, eq=False)
class SubAccount:
    """Position and money of one bot as the kernel has them, its living orders oldest first, and how far it was walked.

    `walked`: the last bar that is done. `exact` is None until the instrument is known. `dirty`: orders or position
    changed since the watched prices were reckoned.
    """

    bot: int
    market: MarketId
    currency: str
    holding: KernelHolding
    trade: Trade
    money: Money
    blocks: Blocks
    walked: int
    resumed: int
    standing: Standing
    exact: ExactBook | None = None
    orders: dict[ClientOrderId, Resting] = field(default_factory=dict[ClientOrderId, Resting])
    ended: dict[ClientOrderId, Resting] = field(default_factory=dict[ClientOrderId, Resting])
    forgotten: set[ClientOrderId] = field(default_factory=set[ClientOrderId])
    inputs: Inputs | None = None
    terms: Terms | None = None
    dirty: bool = True
    watched: tuple[float, float, int] = (0.0, 0.0, 0)

    @classmethod
    def of(cls, bot: int, standing: Standing) -> SubAccount:
        """As the desk says that the bot stands."""
        state = standing.state
        exact = None if standing.exact is None else ExactBook(*standing.exact)
        account = cls(
            bot, standing.market, standing.currency, state.holding, state.trade, state.money, state.blocks,
            state.bar - 1, state.bar, standing, exact,
        )  # fmt: skip
        for submit, venue_id, filled in standing.orders:
            account.orders[submit.id] = Resting(submit, venue_id, filled, fresh=False)
        return account

    @property
    def lots(self) -> int:
        """Signed."""
        return self.holding.side * self.holding.lots

    def find(self, name: ClientOrderId) -> Resting | None:
        """An order, alive or not; None where it never came or only its name is kept."""
        return self.orders.get(name) or self.ended.get(name)

    def knows(self, name: ClientOrderId) -> bool:
        """Whether an order of this name was here."""
        return self.find(name) is not None or name in self.forgotten

    def take_in(self, order: Resting) -> None:
        """A new order."""
        self.orders[order.submit.id] = order
        self.dirty = True

    def put_aside(self, order: Resting) -> None:
        """An order has ended: it is kept for those who ask, the oldest of many as a name only."""
        name = order.submit.id
        self.orders.pop(name, None)
        self.dirty = True
        self.ended[name] = order
        if len(self.ended) > ENDED_KEPT:
            oldest = next(iter(self.ended))
            del self.ended[oldest]
            self.forgotten.add(oldest)

    def learn(self, inputs: Inputs) -> None:
        """The rules of the instrument; the first ones say what the kernel's money is in exact decimals."""
        before, rules = self.inputs, inputs.rules
        if inputs is before:
            return
        if before is None or (rules is not before.rules and rules != before.rules):
            self.dirty = True
        self.inputs = inputs
        if self.terms is None:
            sizes = Decimal(repr(float(rules.lot))), Decimal(repr(float(rules.contract_size)))
            self.terms = Terms(*sizes, is_inverse(rules, inputs.features), self.currency)
        if self.exact is None:
            self.exact = ExactBook(self._supposed(self.terms), decimal_of(settled(rules, self.money)))

    def book(self, inputs: Inputs, bar: int, side: int, fill: Fill, leverage: float, limit_bar: int, adds: int) -> None:
        """A fill of `side`: opens, grows or closes. `limit_bar` -1: not by a limit; `adds` 1: an order that grows."""
        rules, features = inputs.rules, inputs.features._replace(margin=True)
        price, fee, holding = float(fill.price), float(fill.fee), self.holding
        if holding.side == 0:
            self.holding, _, self.trade, self.money = book_open(
                rules, features, self.money, bar, side, fill.lots, price, fee, leverage, NAN, NAN, 1.0, -1, limit_bar, 0
            )
        elif holding.side == side:
            self.holding, self.trade, self.money = book_add(
                rules, features, holding, self.trade, self.money, fill.lots, price, fee, adds
            )
        else:
            self.holding, self.trade, self.money, self.blocks = book_close(
                holding, self.trade, self.money, self.blocks, fill.lots, price, fee,
                gain_of(rules, features, holding, fill.lots, price), ENTRY, bar,
            )  # fmt: skip
        self.dirty = True
        assert self.exact is not None and self.terms is not None, "inputs are learnt before anything fills"
        before = self.exact
        after = booked(before.holding, SidedFill(side, fill), self.terms)
        change = EXACT.subtract(EXACT.subtract(after.realised, before.holding.realised), fill.fee)
        self.exact = ExactBook(after, EXACT.add(before.balance, change))

    def pay(self, funding: float, borrow: float) -> None:
        """Funding and borrow leave the cash."""
        self.money, self.trade = charge(self.money, self.trade, funding, borrow)
        assert self.exact is not None, "inputs are learnt before anything is charged"
        cost = EXACT.add(decimal_of(funding), decimal_of(borrow))
        self.exact = ExactBook(self.exact.holding, EXACT.subtract(self.exact.balance, cost))

    def _supposed(self, terms: Terms) -> Holding:
        """The exact holding that comes nearest to the kernel's: its cost is what the average says."""
        if self.holding.side == 0:
            return Holding()
        return Holding(self.lots, terms.value(self.holding.lots, decimal_of(self.holding.average)))


def decimal_of(value: float) -> Decimal:
    """The shortest decimal that is this double and no other: `float` gives the bits back."""
    return Decimal(repr(float(value)))


def gain_of(rules: Rules, features: object, holding: KernelHolding, lots: int, price: float) -> float:
    """What closing `lots` at `price` brings before its fee, as the kernel reckons it."""
    inverse = is_inverse(rules, features)
    return result(inverse, holding.side, lots * rules.lot, rules.contract_size, holding.average, price)
