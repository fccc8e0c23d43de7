"""What an order is, what can be said about it, and what follows from it. Frozen; lots are whole, money is Decimal."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction

from karat.core.ids import ClientOrderId, MarketId


class Status(IntEnum):
    """Where an order stands. Codes are stored; their order never changes."""

    INTENDED = 0  # written down, nothing has left
    SENT = 1  # leaves or has left, no answer yet
    UNKNOWN = 2  # the answer did not come in time: it may be live, done or never have arrived
    ACKNOWLEDGED = 3  # the venue has it
    PARTLY_FILLED = 4
    FILLED = 5
    CANCEL_REQUESTED = 6  # the venue has it, and was asked to let it go
    CANCELLED = 7
    REJECTED = 8
    EXPIRED = 9  # ended by the venue's clock, or proved never to have arrived


TERMINAL = frozenset({Status.FILLED, Status.CANCELLED, Status.REJECTED, Status.EXPIRED})
_ENDS = tuple(TERMINAL)  # found by identity: to hash an enumeration takes ten times as long
WORKING = frozenset({Status.ACKNOWLEDGED, Status.PARTLY_FILLED, Status.CANCEL_REQUESTED})
"""The venue has said that it holds the order, and not that the order has ended."""


class EventKind(IntEnum):
    """What happens to an order. The first seven are ours, the others the venue's word."""

    SEND = 0  # the intent is committed: let it leave
    TIME_OUT = 1  # no answer to the sending
    RESEND = 2  # the same order again under the same id
    ABSENT = 3  # looked up by client id and not there: `after_ms` since the sending, `number` which sending
    WITHDRAW = 4  # forget an intent of which nothing has left
    CANCEL = 5
    CANCEL_TIME_OUT = 6
    ACK = 7
    FILL = 8
    CANCEL_REFUSED = 9  # `number` says which request
    CANCEL_DONE = 10
    REJECT = 11
    EXPIRE = 12
    DUPLICATE_ID = 13  # refused because the venue knows the id already


OURS = frozenset(kind for kind in EventKind if kind < EventKind.ACK)


class Alarm(StrEnum):
    """What should not have happened. Nothing is thrown away because of it."""

    OVERFILL = "overfill"
    FILL_AFTER_CANCEL = "fill_after_cancel"  # more than the venue's last word on it had counted
    FILL_AFTER_REJECT = "fill_after_reject"
    FILL_AFTER_EXPIRY = "fill_after_expiry"
    FILL_CHANGED = "fill_changed"  # one fill id, two contents: the first is kept
    FILL_MALFORMED = "fill_malformed"  # not positive: nothing can be booked
    ACK_AFTER_REJECT = "ack_after_reject"
    ALIVE_AFTER_END = "alive_after_end"  # given up by us, yet the venue has it
    REJECT_AFTER_ACK = "reject_after_ack"
    END_AFTER_FILL = "end_after_fill"  # filled whole, yet said to have ended otherwise
    CONTRADICTING_END = "contradicting_end"
    VENUE_KNEW_UNSENT = "venue_knew_unsent"  # our records are older than the order
    VENUE_ID_CHANGED = "venue_id_changed"
    ID_TAKEN = "id_taken"  # refused as a duplicate though it was sent once
    NOT_SENT = "not_sent"  # an answer, or the lack of one, about what never left
    BLIND_RETRY = "blind_retry"  # refused: it could have made a second order
    SEND_AFTER_END = "send_after_end"
    WITHDRAWN_TOO_LATE = "withdrawn_too_late"
    WORKING_ORDER_ABSENT = "working_order_absent"
    UNKNOWN_ORDER = "unknown_order"
    SECOND_ORDER_FOR_INTENT = "second_order_for_intent"
    ID_REUSED = "id_reused"  # one client id, two contents


class EffectKind(StrEnum):
    """What the edge has to do. Each may be repeated without harm except SUBMIT, which stands in two edges alone."""

    SUBMIT = "submit"
    LOOK_UP = "look_up"
    CANCEL = "cancel"
    FETCH_FILLS = "fetch_fills"
    BOOK = "book"
    HALT = "halt"  # no new risk in this market until a person has looked
    RAISE = "raise"


@dataclass(frozen=True, slots=True)
class Fill:
    """One trade of the venue. `number` orders fills of one `ts` (ms) as the venue had them; `lots` > 0.

    `price` in quote units; `fee` > 0 was paid, < 0 received, in `fee_currency`.
    """

    id: str
    ts: int
    number: int
    lots: int
    price: Decimal
    fee: Decimal
    fee_currency: str


@dataclass(frozen=True, slots=True)
class Order:
    """One order and all that is known about it. `side` +1 buys; `limit_ticks` and `trigger_ticks` None: without one.

    `arrival_ms_max`: how long after a sending the venue may still receive it. `id_is_unique`: the venue refuses a
    second order under one client id for ever, so that sending it again cannot make two.
    """

    id: ClientOrderId
    market: MarketId
    side: int
    lots: int
    arrival_ms_max: int
    id_is_unique: bool
    limit_ticks: int | None = None
    trigger_ticks: int | None = None
    reduce_only: bool = False
    status: Status = Status.INTENDED
    venue_id: str | None = None
    fills: tuple[Fill, ...] = ()  # distinct by id, in the venue's order
    reported_lots: int = 0  # the most that the venue has said is filled
    sends: int = 0
    cancels: int = 0  # requests made
    cancels_refused: int = 0  # the newest request that was refused
    absent_ms: int | None = None  # age of the first absence that counts
    given_up: bool = False  # ended by us, without the venue's word
    alive: bool = False  # given up, yet seen at the venue since

    @property
    def filled_lots(self) -> int:
        fills = self.fills
        if len(fills) == 1:  # asked of every order a bot remembers, at each of its bars
            return fills[0].lots
        return sum([fill.lots for fill in fills]) if fills else 0

    @property
    def open_lots(self) -> int:
        """What may still be filled as far as was asked for; 0 once over."""
        return 0 if self.status in _ENDS and not self.alive else max(self.lots - self.filled_lots, 0)

    @property
    def missing_lots(self) -> int:
        """Said to be filled, not yet booked."""
        return max(self.reported_lots - self.filled_lots, 0)

    @property
    def reserved_lots(self) -> int:
        """The most by which this order may still move the position, an overfill apart."""
        return max(self.open_lots, self.missing_lots)

    @property
    def is_over(self) -> bool:
        """Ended, and nothing of it is still to be booked."""
        if self.status not in _ENDS:
            return False
        filled = self.filled_lots
        return self.reported_lots <= filled and (not self.alive or self.lots <= filled)

    @property
    def cancel_is_open(self) -> bool:
        return self.cancels > self.cancels_refused

    @property
    def average_price(self) -> Fraction | None:
        """Exactly: value over lots, in quote units; None without a fill."""
        lots = self.filled_lots
        return sum((Fraction(fill.price) * fill.lots for fill in self.fills), Fraction()) / lots if lots else None

    @property
    def fees(self) -> dict[str, Decimal]:
        """Fees paid, per currency."""
        paid: dict[str, Decimal] = {}
        for fill in self.fills:
            paid[fill.fee_currency] = paid.get(fill.fee_currency, Decimal()) + fill.fee
        return paid


@dataclass(frozen=True, slots=True)
class Event:
    """Something said about one order. The venue's word may come without our id (`order` None), never without both.

    `lots`: filled in all, as far as this word says. `number`: of the cancel request, or of the sending, it answers.
    """

    kind: EventKind
    order: ClientOrderId | None
    venue_id: str | None = None
    lots: int = 0
    fill: Fill | None = None
    number: int = 0
    after_ms: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """What follows, for the edge to do. `order` None: nobody's order."""

    kind: EffectKind
    order: ClientOrderId | None
    alarm: Alarm | None = None
    fill: Fill | None = None
