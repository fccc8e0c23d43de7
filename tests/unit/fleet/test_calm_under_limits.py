"""Under limits a fleet that foresees calm bars is the one that meets every bar: all that the journal holds is equal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.unit.bots.fleet import POLICY, kept

from karat.bots.creation import new_bot
from karat.bots.desk.fleet import gate_of
from karat.bots.fleet.runner import FleetRunner
from karat.core.ids import BotId
from karat.core.model.policy import Policy, SizeMode
from karat.core.time import HOUR_MS
from karat.feeds.common.tape import Tape
from karat.feeds.demo.market import demo_candles, demo_funding
from karat.feeds.demo.symbols import DEMO_SYMBOLS, demo_instrument
from karat.journal import open_memory_journal
from karat.journal.store import SqlJournal
from karat.ports.cockpit import Mode
from karat.ports.feed import FeedKey
from karat.ports.journal import LimitedBy
from karat.risk.limits import Limits, default_limits, with_limit
from karat.strategies import find_strategy
from karat.venues.paper import PaperVenue

HOURS = 240
OPEN = {  # else the small bars of the demo markets let nothing through
    "limits.depth_taken": 1, "filter.confidence_trending": 0.05, "filter.confidence_ranging": 0.05,
    "filter.confidence_high_volatility": 0.05, "limits.risk_at_stop": 0.1, "limits.order_notional": 1e8,
    "limits.gross_exposure": 20, "limits.net_exposure": 20, "limits.halved_over_drawdown": 0.5,
}  # fmt: skip
BOTS = (  # strategy, market, hours, size
    ("ema_crossover", 0, 1, 0.02),
    ("bollinger_mean_reversion", 1, 1, 0.01),
    ("buy_and_hold", 2, 4, 0.02),
    ("donchian_breakout", 0, 1, 0.02),
    ("bollinger_mean_reversion", 2, 4, 0.01),
    ("buy_and_hold", 1, 1, 0.02),
    ("ema_crossover", 0, 4, 0.02),
)


class Bot(NamedTuple):
    """A bot of a fleet."""

    strategy: str
    market: int
    hours: int
    policy: Policy


def risking(policy: Policy, share: float) -> Policy:
    return replace(policy, size_mode=SizeMode.RISK, size_value=share)


@dataclass
class Lived:
    """What the journal holds after a fleet has run."""

    journal: SqlJournal
    bots: list[BotId]

    def told(self) -> dict[str, object]:
        """Everything, in words; names of orders without what is this journal's in them."""
        of = {f"{what} of {bot}": value for bot in self.bots for what, value in kept(self.journal, bot).items()}
        traces = {f"traces of {bot}": self.journal.traces(bot, 0, 2**62) for bot in self.bots}
        orders = {f"orders of {bot}": self.journal.orders_of(bot) for bot in self.bots}
        log = self.journal.log(0, 10**6)
        states = {bot: (self.journal.status(bot).state, self.journal.status(bot).cause) for bot in self.bots}
        told = {**of, **traces, **orders, "log": log, "facts": self.journal.facts(), "states": states}
        names = [one.order.id for bot in self.bots for one in self.journal.orders_of(bot)]
        return {what: repr(value).replace(names[0][:6] if names else "none", "k") for what, value in told.items()}


def lived(bots: Sequence[Bot], limits: Limits, seed: int, *, foresees: bool) -> Lived:
    journal, tapes, ids = open_memory_journal(), dict[FeedKey, Tape](), list[BotId]()
    for place, bot in enumerate(bots):
        symbol, width, bars = DEMO_SYMBOLS[bot.market], bot.hours * HOUR_MS, HOURS // bot.hours
        candles, funding = demo_candles(seed, symbol, width, bars), demo_funding(seed, symbol, width, bars)
        record = new_bot(
            f"b{place}", find_strategy(bot.strategy), {}, bot.policy, demo_instrument(symbol), candles, funding,
            Mode.SIMULATED, 0, limits=LimitedBy.FLEET,
        )  # fmt: skip
        journal.create_bot(record)
        tapes[FeedKey(record.market, record.timeframe_ms, record.anchor_ts)] = Tape(candles, funding)
        ids.append(record.id)
    runner = FleetRunner(
        journal, tapes, PaperVenue(), find_strategy, lambda *_: True, None if foresees else gate_of, limits=limits
    )
    asyncio.run(runner.run(ids))
    return Lived(journal, ids)


def of(values: Mapping[str, float]) -> Limits:
    limits = default_limits()
    for name, value in {**OPEN, **values}.items():
        limits, _ = with_limit(limits, name, value)
    return limits


def equal(bots: Sequence[Bot], values: Mapping[str, float], seed: int = 1) -> Lived:
    """The fleet that foresees, once it is seen to be the other one."""
    limits = of(values)
    one, other = (lived(bots, limits, seed, foresees=foresees) for foresees in (True, False))
    left, right = one.told(), other.told()
    for what in right:
        assert left[what] == right[what], what
    other.journal.close()
    return one


TIGHT = replace(POLICY, half_spread=0.0007)
WIDE = replace(POLICY, stop_value=12.0, take_value=20.0)


def fleet(policy: Policy = POLICY, size: float = 1.0) -> tuple[Bot, ...]:
    """Every second bot by `policy`."""
    return tuple(
        Bot(name, market, hours, risking(policy if place % 2 else POLICY, size * share))
        for place, (name, market, hours, share) in enumerate(BOTS)
    )


@pytest.mark.parametrize(
    ("values", "bites"),
    [
        ({}, "risk"),
        ({"limits.bot_drawdown": 0.02}, "halted"),
        ({"breakers.daily_drawdown": 0.005, "breakers.losses_in_row": 2, "breakers.losses_wait": 5}, "breaker"),
        ({"breakers.confidence": 0.9, "breakers.confidence_times": 2}, "breaker"),
    ],
    ids=["open", "bot_drawdown", "breakers", "confidence"],
)
def test_limits_bite_at_the_same_bar_in_the_same_words(values: Mapping[str, float], bites: str) -> None:
    run = equal(fleet(), values)
    assert bites in {str(one.kind) for one in run.journal.log(0, 10**6)}
    assert sum(len(run.journal.fills(bot)) for bot in run.bots) > 20


@pytest.mark.parametrize(("share", "size"), [(0.01, 2.0), (0.02, 5.0)], ids=["in a close in hand", "between closes"])
def test_what_closes_everything_does_so_while_others_are_calm(share: float, size: float) -> None:
    run = equal(fleet(WIDE, size), {"limits.flatten_drawdown": share}, seed=4)
    assert "kill" in {str(one.kind) for one in run.journal.log(0, 10**6)}


CHOICES: Mapping[str, Sequence[float]] = {
    "limits.flatten_drawdown": (0.01, 0.02, 0.9), "limits.drawdown": (0.01, 0.15), "limits.bot_drawdown": (0.01, 0.2),
    "limits.daily_drawdown": (0.002, 0.05), "limits.gross_exposure": (0.25, 20), "filter.positions_fleet": (2, 10),
    "breakers.daily_drawdown": (0.002, 0.05), "breakers.losses_in_row": (1, 3), "breakers.losses_wait": (1, 24),
    "breakers.confidence": (0.35, 0.9), "breakers.confidence_times": (1, 2, 5), "breakers.confidence_wait": (1, 24),
}  # fmt: skip
A_BOT = st.builds(
    Bot, st.sampled_from([one[0] for one in BOTS]), st.integers(0, 3), st.sampled_from([1, 1, 4]),
    st.builds(risking, st.sampled_from([POLICY, TIGHT, WIDE]), st.sampled_from([0.01, 0.03, 0.1])),
)  # fmt: skip


@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    bots=st.lists(A_BOT, min_size=2, max_size=6), seed=st.integers(1, 500),
    values=st.fixed_dictionaries({}, optional={name: st.sampled_from(some) for name, some in CHOICES.items()}),
)  # fmt: skip
def test_whatever_fleet_and_limits_nothing_is_changed_by_what_is_foreseen(
    bots: list[Bot], seed: int, values: dict[str, float]
) -> None:
    equal(bots, values, seed).journal.close()
