"""A venue on loopback whose time is the test's, a lake that grows, and live bots on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from tests.fakes.binance import USDM, Binance
from tests.fakes.clock import JumpingClock
from tests.fakes.perpetuals import Perpetuals, Rates
from tests.fakes.server import Internet, Reply, Request
from tests.fakes.tape import Tape
from tests.unit.bots.fleet import POLICY

from karat.app.serve_fleet import tape_of
from karat.app.vendors import history_opener
from karat.bots.creation import new_bot
from karat.bots.runner import Runner
from karat.control.parity import ParityCase, ParityResult, compared
from karat.core.ids import BotId, MarketId
from karat.core.instruments import instrument_for
from karat.core.model.source_state import STATE_TABLE
from karat.core.time import HOUR_MS, SECOND_MS
from karat.feeds.common.network import Network
from karat.feeds.follow import FollowFeed, Rounds
from karat.ingest.budget import FolderBudget
from karat.ingest.candle_source import LiveCandles, Venues, candles_name
from karat.ingest.data_sync import DataSync
from karat.ingest.orders import Order, Places
from karat.journal import open_journal
from karat.lake.store import open_lake
from karat.ports.cockpit import EventKind, Mode
from karat.ports.feed import FeedKey
from karat.ports.source import Source
from karat.strategies import Strategy, find_strategy
from karat.venues.paper import PaperVenue

FIRST = 1_704_067_200_000
BARS, HELD = 90, 40  # bars of the venue, and of the lake before anything follows it
MARKET = MarketId("binance_perp:BTCUSDT")
DELAY_MS = 2 * SECOND_MS
RATES_MS = 4 * HOUR_MS


def opens(bar: int) -> int:
    return FIRST + bar * HOUR_MS


class Venue(Binance):
    """Binance at the time of a clock. A bar of `late` is not told of before its time; what stands in `before` for a
    time is called once, with the first question from that time on."""

    def __init__(self, internet: Internet, clock: JumpingClock) -> None:
        self.clock, self.late, self.before = clock, dict[int, int](), dict[int, Callable[[], None]]()
        self.tape = Tape(FIRST, HOUR_MS, BARS)
        super().__init__(internet, USDM, {("BTCUSDT", "1h"): self.tape}, clock.now_ms())

    def answer(self, request: Request) -> Reply:
        self.now_ms = self.clock.now_ms()
        for due in [ts for ts in self.before if ts <= self.now_ms]:
            self.before.pop(due)()
        self.tape.withheld = {ts for ts, until in self.late.items() if self.now_ms < until}
        return super().answer(request)


class World:
    """Live bots at `clock`, in a home of their own. `sources` are asked in each round beside the venue."""

    def __init__(self, home: Path, internet: Internet) -> None:
        self.clock = JumpingClock(opens(HELD) + 1)
        self.internet = internet
        self.venue = Venue(internet, self.clock)
        self.rates = Rates(FIRST, RATES_MS, BARS * HOUR_MS // RATES_MS)
        self.perpetuals = Perpetuals(internet, USDM, self.venue, {"BTCUSDT": self.rates})
        self.lake = open_lake(home)
        self.home = home
        self.journal = open_journal(home)
        self.strategies: dict[str, Strategy] = {}
        self.sources: Sequence[Source] = ()

    def strategy(self, name: str) -> Strategy:
        return self.strategies.get(name) or find_strategy(name)

    async def fill(self, *, funding: bool = False) -> None:
        """What a user downloads before there is a bot."""
        venues = self._venues()
        await venues.bring(Order(MARKET, HOUR_MS))
        if funding:
            self.clock.turn(10.0)  # until the venue has settled what was due at the last close
            await venues.bring(Order(MARKET, HOUR_MS, kind="funding"))
        await venues.aclose()

    def create(self, name: str, strategy: str = "bollinger_mean_reversion", timeframe_ms: int = HOUR_MS) -> BotId:
        case = self.case(strategy, timeframe_ms)
        record = new_bot(
            name, case.strategy, {}, POLICY, case.instrument, case.candles, case.funding, Mode.PAPER, 0, case.series
        )
        self.journal.create_bot(record)
        return record.id

    def case(self, strategy: str, timeframe_ms: int = HOUR_MS) -> ParityCase:
        """The strategy in one call, over what the lake holds."""
        found = self.strategy(strategy)
        tape = tape_of(self.lake, FeedKey(MARKET, timeframe_ms, FIRST, found.needs))
        instrument = instrument_for(MARKET, tape.candles)
        funding = tape.funding if tape.has_funding else None
        return ParityCase(found, {}, POLICY, instrument, tape.candles, funding, tape.series)

    def compared(self, bot: BotId) -> ParityResult:
        """What a bot has done, beside one call over those bars of the lake."""
        record = self.journal.bot(bot)
        case = self.case(record.strategy, record.timeframe_ms)
        done = case.candles[: self.journal.status(bot).bars]
        return compared(replace(case, candles=done), self.journal, bot)

    async def run(self, *bots: BotId, until: int, deadline: float = 5.0) -> None:
        """Follow, as one process does, up to bar `until`, at which the venue ends."""
        async with AsyncExitStack() as stack:
            venues = self._venues()
            stack.push_async_callback(venues.aclose)
            candles = [LiveCandles(MARKET, HOUR_MS, venues, 4.0)]
            sync = DataSync(self.lake, self.clock, self.sources, candles, deadline_seconds=deadline)
            rounds = Rounds(sync, self.clock, DELAY_MS)
            stack.push_async_callback(rounds.aclose)

            def feed(key: FeedKey) -> FollowFeed:
                source = candles_name(MARKET, HOUR_MS)
                return FollowFeed(lambda: tape_of(self.lake, key), rounds, self.clock, source)

            runner = Runner(self.journal, feed, PaperVenue(), self.strategy, self.clock, watch_seconds=None)
            await runner.run(bots, opens(until))

    def rounds(self) -> list[int]:
        """When each round was, in ms after the close before it."""
        return [(ts - FIRST) % HOUR_MS for ts in dict.fromkeys(self.lake.table(STATE_TABLE).ts.tolist())]

    def told(self, bot: BotId) -> list[str]:
        """The codes of what was told of a bot beside its trades, oldest first."""
        warnings = [one for one in self.journal.events(999, bot=bot) if one.kind == EventKind.WARNING]
        return [str(one.payload["code"]) for one in warnings[::-1]]

    def _venues(self) -> Venues:
        reach = Network(self.internet.https_proxy, str(self.internet.ca_file), 2.0, {"binance": ""})
        opener = history_opener(reach, FolderBudget(self.home / "budget", self.clock))
        return Venues(opener, Places(self.lake, self.clock, self.home / "downloads"))
