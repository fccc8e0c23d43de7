"""What a decision means to send, named so that the same decision always has the same name."""

from __future__ import annotations

import hashlib

from karat.core.ids import BotId, ClientOrderId
from karat.core.model.reasons import Reason
from karat.kernel.state import State
from karat.ports.journal import Intent, Part


def client_order_id(bot: BotId, decision_ts: int, part: Part) -> ClientOrderId:
    """25 characters, the same for the same bot, decision bar and part, for ever."""
    digest = hashlib.blake2s(f"{bot}|{decision_ts}|{part}".encode(), digest_size=12)
    return ClientOrderId(f"k{digest.hexdigest()}")


def new_intents(bot: BotId, bar: int, ts: int, before: State, after: State) -> tuple[Intent, ...]:
    """The intents of the decision at the close of `bar`: `before` and `after` are the states around it."""
    made: list[Intent] = []

    def mean(part: Part, due: int, side: int, lots: int, level: int | None, reason: Reason) -> None:
        made.append(Intent(client_order_id(bot, ts, part), bot, bar, ts, part, due, side, lots, level, reason))

    order, limit, recalled = after.order, after.limit, before.limit
    if before.order.due < 0 <= order.due:
        if order.exit_reason:
            lots = max(order.close_lots, 0)
            mean(Part.EXIT, order.due, -after.holding.side, lots, None, Reason(order.exit_reason))
        if order.side:
            mean(Part.ENTRY, order.due, order.side, order.lots, None, Reason.ENTRY)
    if recalled.side and not limit.side:
        mean(Part.CANCEL, recalled.first_bar, recalled.side, recalled.lots, recalled.ticks, Reason.REENTRY)
    if limit.side and not recalled.side:
        mean(Part.LIMIT, limit.first_bar, limit.side, limit.lots, limit.ticks, Reason.REENTRY)
    return tuple(made)


def part_of(reason: Reason) -> Part:
    """The part of a decision that a fill with `reason` comes from. Not for what protects a position."""
    if reason == Reason.ENTRY:
        return Part.ENTRY
    return Part.LIMIT if reason == Reason.REENTRY else Part.EXIT


PROTECTION = frozenset({Reason.STOP, Reason.TAKE, Reason.TRAIL, Reason.LIQUIDATION})
"""Reasons of fills that no decision of their own made: they belong to the entry they protect."""
