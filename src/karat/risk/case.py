"""A proposal before its snapshot: the figures that rules read, each a number or the word that it is unknown.

1. `Unknown` is raised where a figure is missing, NaN, infinite, absurdly large or contradicts another one. The rule
   that asked is then a refusal with that reason; no rule can pass on a figure it could not read.
2. What may still fill counts as filled: at its limit, or at the mark moved against us by the price band, whichever
   makes it larger. An order that lowers a position counts as not filled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from karat.core.ids import MarketId
from karat.risk.limits import Limits
from karat.risk.snapshot import BotView, Flag, MarketView, Proposal, Snapshot

LOTS_MAX = 2**53  # beyond it a float no longer counts one by one
LARGEST = 1e15  # of any figure here; sums and products of such stay finite


class Unknown(Exception):
    """A figure that nobody can tell; the words say which and why. Caught where rules are asked, nowhere else."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What one bot has, or may soon have, in one market: on `side`, with a notional and the margin it takes."""

    bot: str
    strategy: str
    market: MarketId
    side: int
    notional: float
    margin: float
    in_flight: bool


def number(value: object, what: str) -> float:
    """A figure that must be there and be a number. Raises Unknown."""
    if value is None:
        raise Unknown(f"{what} is not known")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unknown(f"{what} is {value!r}, which is no number")
    if not abs(value) <= LARGEST:  # NaN and infinity too
        raise Unknown(f"{what} is not finite or absurdly large")
    return float(value)


def positive(value: float | None, what: str) -> float:
    """A figure above zero. Raises Unknown."""
    found = number(value, what)
    if found <= 0.0:
        raise Unknown(f"{what} is {found:g}, which cannot be")
    return found


def not_negative(value: float | None, what: str) -> float:
    """A figure of zero or above. Raises Unknown."""
    found = number(value, what)
    if found < 0.0:
        raise Unknown(f"{what} is {found:g}, which cannot be")
    return found


def counted(value: int | None, what: str) -> float:
    """A count. Raises Unknown."""
    found = not_negative(value, what)
    if found != int(found):
        raise Unknown(f"{what} is {found:g}, which counts nothing")
    return found


def flag(value: Flag, what: str) -> bool:
    """A yes or no. Raises Unknown for anything else, None first."""
    if value is not True and value is not False:
        raise Unknown(f"{what} is not known")
    return value


def limit_of(limits: Limits, name: str) -> float:
    """A limit in force. Raises Unknown: a limit that is not there lets nothing through."""
    found = limits.find(name)
    if found is None:
        raise Unknown(f"there is no limit {name}")
    return found.value


def drawdown(equity: float | None, top: float | None, whose: str, top_name: str) -> float:
    """How far equity lies below its peak, as a share of it. Raises Unknown where the peak lies below equity."""
    now, best = number(equity, f"equity of {whose}"), positive(top, f"{top_name} of {whose}")
    return (best - now) / best


def fall(equity: float | None, peak: float | None, whose: str) -> float:
    """The drawdown from the peak, which equity cannot be above. Raises Unknown."""
    found = drawdown(equity, peak, whose, "peak equity")
    if found < 0.0:
        raise Unknown(f"equity of {whose} is above its own peak")
    return found


class Case:
    """One proposal, one snapshot, the limits in force. Figures are made once, when a rule asks for them."""

    def __init__(self, snapshot: Snapshot, proposal: Proposal, limits: Limits) -> None:
        self.snapshot = snapshot
        self.proposal = proposal
        self.limits = limits

    def limit(self, name: str) -> float:
        """A limit in force. Raises Unknown."""
        return limit_of(self.limits, name)

    def view(self, market: MarketId) -> MarketView:
        """What is known of a market. Raises Unknown."""
        found = [one for one in self.snapshot.markets if one.market == market]
        if len(found) != 1:
            raise Unknown(f"{market} is {'not known' if not found else 'told of twice'}")
        return found[0]

    @cached_property
    def market(self) -> MarketView:
        """The proposal's own market."""
        return self.view(self.proposal.market)

    @cached_property
    def bot(self) -> BotView:
        """The proposal's own bot, which must run the strategy that it says."""
        found = [one for one in self.snapshot.bots if one.bot == self.proposal.bot]
        if len(found) != 1:
            raise Unknown(f"bot {self.proposal.bot} is {'not known' if not found else 'told of twice'}")
        if found[0].strategy != self.proposal.strategy:
            raise Unknown(f"bot {self.proposal.bot} runs {found[0].strategy}, not {self.proposal.strategy}")
        return found[0]

    @cached_property
    def middle(self) -> float:
        """The price between bid and ask."""
        bid, ask = positive(self.market.bid, "the bid"), positive(self.market.ask, "the ask")
        if bid >= ask:
            raise Unknown(f"the book is crossed: bid {bid:g}, ask {ask:g}")
        return (bid + ask) / 2.0

    @cached_property
    def equity(self) -> float:
        """The account's equity, above zero."""
        return positive(self.snapshot.account.equity, "equity of the account")

    @cached_property
    def bot_equity(self) -> float:
        """The bot's equity, above zero."""
        return positive(self.bot.equity, f"equity of {self.proposal.bot}")

    def price(self, ticks: int) -> float:
        """A level of the proposal as a price."""
        return positive(self.market.tick, "the tick") * positive(ticks, "a level")

    def worst_price(self, market: MarketView, limit_ticks: int | None) -> float:
        """The price that makes an order largest."""
        ask = positive(market.ask, f"ask of {market.market}")
        moved = max(ask, positive(market.mark, f"mark of {market.market}")) * (1.0 + self.limit("limits.price_band"))
        if limit_ticks is None:
            return moved
        return max(moved, positive(market.tick, f"tick of {market.market}") * positive(limit_ticks, "a limit"))

    def per_lot(self, market: MarketView, price: float) -> float:
        """Notional of one lot in quote units."""
        size = positive(market.lot, f"lot of {market.market}")
        size *= positive(market.contract_size, f"contract size of {market.market}")
        return size if flag(market.inverse, f"the kind of {market.market}") else size * price

    @cached_property
    def own_per_lot(self) -> float:
        """Notional of one lot of the proposal at its worst."""
        return self.per_lot(self.market, self.worst_price(self.market, self.proposal.limit_ticks))

    @cached_property
    def leverage(self) -> float:
        """The proposal's leverage, one or above."""
        found = positive(self.proposal.leverage, "leverage")
        if found < 1.0:
            raise Unknown(f"leverage is {found:g}, which is below 1")
        return found

    @cached_property
    def exposures(self) -> tuple[Exposure, ...]:
        """All that is held and all that may fill, at the worst. Raises Unknown."""
        holdings, flying = self.snapshot.holdings, self.snapshot.in_flight
        if holdings is None or flying is None:
            raise Unknown(f"{'what is held' if holdings is None else 'what is in flight'} is not known")
        found: list[Exposure] = []
        for one in holdings:
            lots = number(one.lots, f"what {one.bot} holds of {one.market}")
            if not lots:
                continue
            view = self.view(one.market)
            notional = abs(lots) * self.per_lot(view, positive(view.mark, f"mark of {one.market}"))
            side = 1 if lots > 0 else -1  # its margin is in the account's margin_used
            found.append(Exposure(one.bot, one.strategy, one.market, side, notional, 0.0, False))
        for order in flying:
            if order.reduce_only:
                continue
            lots, view = counted(order.lots, f"an order of {order.bot} in flight"), self.view(order.market)
            if order.side not in (1, -1):
                raise Unknown(f"an order of {order.bot} in flight has no side")
            notional = lots * self.per_lot(view, self.worst_price(view, order.limit_ticks))
            margin = self.margin_of(notional, view, order.leverage)
            found.append(Exposure(order.bot, order.strategy, order.market, order.side, notional, margin, True))
        return tuple(found)

    def margin_of(self, notional: float, market: MarketView, leverage: float) -> float:
        """What an order takes of the free margin, its fee included."""
        fee = not_negative(market.taker_fee, f"fee of {market.market}")
        lent = max(1.0, positive(leverage, f"leverage of an order of {market.market}"))
        return notional * (1.0 / lent + fee)
