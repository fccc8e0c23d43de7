"""A desk that runs bots on one market, in a journal of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from karat.bots.creation import new_bot
from karat.bots.desk.switchboard import Safety
from karat.bots.runner import Runner
from karat.core.ids import BotId, ClientOrderId, MarketId
from karat.core.model.candles import Candles, Funding, Series
from karat.core.model.policy import LevelMode, Policy
from karat.core.time import HOUR_MS
from karat.feeds.demo.market import demo_candles, demo_funding
from karat.feeds.demo.symbols import DEMO_SYMBOLS, demo_instrument
from karat.feeds.replay import ReplayFeed
from karat.journal import open_journal
from karat.kernel.engine import Record, prepare, run
from karat.kernel.prepare import Extras
from karat.ports.cockpit import EventKind, Mode
from karat.ports.journal import JournalReader, LimitedBy
from karat.ports.venue import Venue
from karat.strategies import Market, Strategy, evaluate, find_strategy, resolve
from karat.venues.paper import PaperVenue

MARKET = DEMO_SYMBOLS[0]
POLICY = Policy(
    stop_mode=LevelMode.ATR, stop_value=1.5, take_mode=LevelMode.ATR, take_value=1.0, reentry_max=2,
    reentry_offset=0.001, reentry_bars=4, cooldown=3, leverage=3.0,
)  # fmt: skip


def demo(bars: int, symbol: MarketId = MARKET) -> tuple[Candles, Funding]:
    return demo_candles(1, symbol, HOUR_MS, bars), demo_funding(1, symbol, HOUR_MS, bars)


class StillClock:
    """A clock on which a second passes at every look; waiting takes no time."""

    def __init__(self) -> None:
        self.ms = 0

    def now_ms(self) -> int:
        self.ms += 1000
        return self.ms

    async def sleep(self, seconds: float) -> None:
        self.ms += round(1000 * seconds)
        await asyncio.sleep(0)


class Desk:
    """Bots on candles given by hand. `strategies` replaces where strategies come from; `carried` takes every one of
    them for proved, `series` are those that strategies declare; at a `speed` bars come one by one."""

    def __init__(
        self, home: Path, candles: Candles, funding: Funding | None = None,
        strategies: Callable[[str], Strategy] = find_strategy, *, carried: bool = False,
        series: tuple[Series, ...] = (), speed: float | None = None,
    ) -> None:  # fmt: skip
        self.home = home
        self.candles = candles
        self.funding = funding
        self.strategies = strategies
        self.carried = carried
        self.series = series
        self.speed = speed
        self.journal = open_journal(home)

    def create(
        self,
        name: str,
        strategy: str = "bollinger_mean_reversion",
        policy: Policy = POLICY,
        limits: LimitedBy = LimitedBy.NONE,
    ) -> BotId:
        instrument = demo_instrument(self.candles.market)
        found = self.strategies(strategy)
        record = new_bot(
            name,
            found,
            {},
            policy,
            instrument,
            self.candles,
            self.funding,
            Mode.SIMULATED,
            0,
            self.series,
            limits=limits,
        )
        self.journal.create_bot(record)
        return record.id

    def runner(self, venue: Venue | None = None, safety: Safety | None = None) -> Runner:
        clock = StillClock()
        return Runner(
            self.journal,
            lambda key: ReplayFeed(self.candles, self.funding, clock, self.speed, self.series),
            venue or PaperVenue(),
            self.strategies,
            clock,
            lambda strategy, values: self.carried,
            safety=safety,
        )

    def run(self, *bots: BotId, until: int | None = None, safety: Safety | None = None) -> None:
        """Until the feed ends, or up to bar number `until`."""
        runner = self.runner() if safety is None else self.runner(safety=safety)
        asyncio.run(runner.run(bots, None if until is None else int(self.candles.ts[until])))

    def reopen(self) -> None:
        self.journal.close()
        self.journal = open_journal(self.home)

    def in_one_call(self, strategy: str = "bollinger_mean_reversion", policy: Policy = POLICY) -> Record:
        found = self.strategies(strategy)
        signals = evaluate(found, Market(self.candles, self.funding, self.series), resolve(found))
        instrument = demo_instrument(self.candles.market)
        return run(prepare(self.candles, signals, policy, instrument, Extras(funding=self.funding)))


def kept(journal: JournalReader, bot: BotId) -> dict[str, object]:
    """Everything the journal holds of a bot that must not depend on when and how often it was interrupted."""
    marks = journal.marks(bot)
    # One that is killed after its last bar is begun again, finds no further bar, and says so a second time.
    lives = (EventKind.STARTED, EventKind.RECOVERED, EventKind.STOPPED, EventKind.FINISHED)
    return {
        "marks": [marks.ts.tolist(), marks.close.tolist(), marks.equity.tolist(), marks.position.tolist()],
        "fills": [replace(fill, order=_own(fill.order)) for fill in journal.fills(bot)],
        "intents": [replace(intent, id=_own(intent.id)) for intent in journal.intents(bot)],
        "refusals": journal.refusals(bot),
        # Their sequence counts those of all bots as they were written, which bots do in turn, not bar by bar.
        "trades": [replace(trade, sequence=0) for trade in journal.trades(10**9, bot=bot)[::-1]],
        "kernel": journal.status(bot).kernel,
        "told": [
            (one.bar_ts, one.kind, one.text, one.payload)
            for one in journal.events(10**9, bot=bot)[::-1]
            if one.kind not in lives
        ],
    }


def _own(order: ClientOrderId) -> ClientOrderId:
    """The part of an order's name that the bot gave it; the rest names journal and bot."""
    return ClientOrderId(order[10:])
