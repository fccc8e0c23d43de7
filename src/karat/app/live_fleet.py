"""Bots that follow live markets: one DataSync for all of them, a feed for each market, fills on paper."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from karat.app.bot_parity_commands import judged
from karat.app.check_store import is_carried
from karat.app.feeds import open_sources
from karat.app.kill_sources import kill_sources
from karat.app.serve_fleet import tape_of, venue_for
from karat.app.vendors import STREAMS, history_opener, network
from karat.bots.bus import Bus
from karat.bots.desk.fleet import gate_of
from karat.bots.desk.switchboard import OBSERVED_BARS, Safety
from karat.bots.memory import SettledMemory
from karat.bots.runner import MakeFeed, Runner
from karat.bots.system_clock import SystemClock
from karat.bots.workers.settings import WorkerSettings
from karat.bots.workers.voices import Voices
from karat.control.nightly import NightlyParity
from karat.core.errors import InputError
from karat.core.home import karat_home
from karat.core.ids import BotId, MarketId, venue_of
from karat.core.instruments import instrument_for
from karat.core.time import SECOND_MS
from karat.feeds.follow import FollowFeed, Rounds
from karat.feeds.kind import FeedKind
from karat.ingest.budget import FolderBudget
from karat.ingest.candle_source import LiveCandles, Venues, candles_name
from karat.ingest.data_sync import DEADLINE_SECONDS, DataSync
from karat.ingest.orders import Places
from karat.ingest.staging import downloads_folder
from karat.journal.emergency import EmergencyFile
from karat.lake.health import LakeHealth
from karat.ports.clock import Clock
from karat.ports.feed import FeedKey
from karat.ports.journal import BotRecord
from karat.ports.lake import Lake
from karat.ports.trading import TradingJournal
from karat.strategies import find_strategy

_DEADLINE_SHARE = 3  # of the shortest timeframe: a round is over long before the next one
_DEADLINE_SECONDS_MIN = 2.0
_PATIENCE_SHARE = 0.8  # of the deadline: a bar that does not come is said to be missing before the time is out
LIVE_FOLDER = "live"  # beside what downloads of a user have put aside


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How live bots run. `delay_seconds` lie between a close and its round; `vendors` are asked beside the venues."""

    delay_seconds: float
    vendors: tuple[FeedKind, ...]
    carried: bool = False


async def run_live(
    journal: TradingJournal, lake: Lake, bots: Sequence[BotId], settings: LiveSettings, until_ts: int | None = None,
    bus: Bus | None = None,
) -> None:  # fmt: skip
    """Run live bots until cancelled, or up to the bar that opens at `until_ts`. `bus` hears of what is written. Raises
    what `Runner.run` raises."""
    if not bots:
        return
    clock = SystemClock()
    records = [journal.bot(bot) for bot in bots]
    beside = Voices(WorkerSettings())  # not those of the bots: whoever hangs there must not hold a bot up
    nightly = NightlyParity(lambda bot: judged(journal, lake, bot, beside))
    emergency = EmergencyFile(karat_home(), journal.origin)
    async with live_feeds(lake, clock, records, settings) as feed_of:
        runner = Runner(
            journal, feed_of, venue_for(journal, records), find_strategy, clock,
            lambda strategy, values: settings.carried and is_carried(strategy, values), Voices(WorkerSettings()),
            gate_of=partial(gate_of, data=LakeHealth(lake, clock.now_ms)),
            safety=Safety(kill_sources(), OBSERVED_BARS, counts_starts=True), bus=bus,
            chores=(nightly, SettledMemory()), emergency=emergency,
        )  # fmt: skip
        try:
            await runner.run(bots, until_ts)
        finally:
            nightly.close()
            beside.close()
            emergency.close()


@asynccontextmanager
async def live_feeds(
    lake: Lake, clock: Clock, records: Sequence[BotRecord], settings: LiveSettings
) -> AsyncIterator[MakeFeed]:
    """What gives the feeds of these bots. One DataSync serves all of them; connections are closed at the end."""
    stored = {(one.market, one.timeframe_ms): _stored_ms(lake, one) for one in records}
    shortest_seconds = min(one.timeframe_ms for one in records) / SECOND_MS
    deadline = min(DEADLINE_SECONDS, max(_DEADLINE_SECONDS_MIN, shortest_seconds / _DEADLINE_SHARE))
    async with AsyncExitStack() as stack:
        opener = history_opener(network(), FolderBudget(karat_home() / "budget", clock))
        venues = Venues(opener, Places(lake, clock, downloads_folder() / LIVE_FOLDER))
        stack.push_async_callback(venues.aclose)
        sources = await stack.enter_async_context(open_sources(settings.vendors, clock, _coins(lake, records)))
        candles = [
            LiveCandles(market, length, venues, _PATIENCE_SHARE * deadline)
            for market, length in dict.fromkeys((market, length) for (market, _), length in stored.items())
        ]
        sync = DataSync(lake, clock, sources, candles, deadline_seconds=deadline)
        rounds = Rounds(sync, clock, round(settings.delay_seconds * SECOND_MS))
        stack.push_async_callback(rounds.aclose)

        def feed(key: FeedKey) -> FollowFeed:
            source = candles_name(key.market, stored[key.market, key.timeframe_ms])
            return FollowFeed(lambda: tape_of(lake, key), rounds, clock, source)

        yield feed


def refuse_not_live(market: MarketId, *, sessions: bool) -> None:
    """Raises InputError `not_live` for a market that cannot be followed."""
    if sessions or venue_of(market) not in STREAMS:
        hint = f"Venues that can: {', '.join(STREAMS)}. Without --live a bot replays what the lake holds."
        raise InputError("not_live", f"{market} cannot be followed live.", hint)


def _stored_ms(lake: Lake, record: BotRecord) -> int:
    """The timeframe of the bars from which those of a bot come."""
    entry = lake.entry(record.market, record.timeframe_ms)
    return entry.resampled_from_ms or record.timeframe_ms


def _coins(lake: Lake, records: Sequence[BotRecord]) -> Mapping[MarketId, str]:
    """The perpetuals of these bots, whose own series vendors have, with their base coins."""
    pays = {entry.market for entry in lake.list() if entry.has_funding}
    return {one.market: instrument_for(one.market, None).base for one in records if one.market in pays}
