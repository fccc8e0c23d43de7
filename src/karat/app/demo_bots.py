"""The journey's bots: starters on markets, replayed up to the vault, and shown to equal their backtests.

A bot begins REPLAYED_BARS before its market's vault, goes there as fast as it can, and from there on walks through the
vault at the pace of the page: what it meets there, no backtest of the journey has read.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from karat.app.demo_ground import Ground, policy_of, starters
from karat.app.parity_commands import case_of, proven
from karat.app.serve_fleet import runner_of
from karat.bots.creation import new_bot
from karat.control.parity import ParityCase, ParityResult, compared
from karat.core.ids import BotId, MarketId, symbol_of
from karat.ports.cockpit import Mode
from karat.ports.journal import BotRecord, Journal
from karat.research.backtest_market import market_data
from karat.strategies import Strategy, find_strategy

BOTS_A_STARTER = 3
REPLAYED_BARS = 2_000
KILLED_BOTS = 2
KILLED_BARS = 600


@dataclass(frozen=True, slots=True)
class Replayed:
    """How fast the bots came up to their vaults."""

    bots: int
    bars: int
    seconds: float


def create_bots(ground: Ground, journal: Journal, created_ts: int) -> list[BotRecord]:
    """Bots of every starter on some markets; those of an earlier journey are taken as they are."""
    there = {record.id: record for record in journal.bots()}
    records: list[BotRecord] = []
    for place, strategy in enumerate(starters()):
        for market in _markets_for(ground, place):
            record = there.get(BotId(_name(strategy, market)))
            if record is None:
                record = _new_bot(ground, strategy, market, created_ts)
                journal.create_bot(record)
            records.append(record)
    return records


def replay(ground: Ground, journal: Journal, records: list[BotRecord]) -> Replayed:
    """Run the bots up to the vaults of their markets, as fast as this machine can."""
    before = sum(journal.status(record.id).bars for record in records)
    runner, began = runner_of(journal, ground.lake, None), time.perf_counter()

    async def run() -> None:
        for market in dict.fromkeys(record.market for record in records):
            chosen = [record.id for record in records if record.market == market]
            await runner.run(chosen, until_ts=ground.entry(market).vault_start_ts)

    asyncio.run(run())
    after = sum(journal.status(record.id).bars for record in records)
    return Replayed(len(records), after - before, time.perf_counter() - began)


def parity_of_all(ground: Ground, journal: Journal, records: list[BotRecord]) -> list[ParityResult]:
    """What each bot did, beside its backtest in one call and its row of a sweep, over the bars it has done."""
    return [compared(_case_so_far(ground, journal, record), journal, record.id) for record in records]


def parity_of_killed(ground: Ground) -> list[ParityResult]:
    """Some more bots, in a process that is killed in the middle of a bar, taken up again here."""
    chosen = [one for one in starters() if one.family != "baseline"][:KILLED_BOTS]
    market = ground.markets[0]
    cases = [case_of(ground.lake, one, market, ground.timeframe_ms, KILLED_BARS, policy_of(one)) for one in chosen]
    return proven(cases)


def _markets_for(ground: Ground, place: int) -> tuple[MarketId, ...]:
    """A starter's markets: as many as there are, up to BOTS_A_STARTER, so that all markets are used."""
    count = len(ground.markets)
    places = dict.fromkeys((place + 2 * k) % count for k in range(BOTS_A_STARTER))
    return tuple(ground.markets[one] for one in places)


def _name(strategy: Strategy, market: MarketId) -> str:
    symbol = "".join(one if one.isalnum() else "-" for one in symbol_of(market).lower())
    return f"{strategy.name}-{symbol}"[:63]


def _new_bot(ground: Ground, strategy: Strategy, market: MarketId, created_ts: int) -> BotRecord:
    before = ground.before_vault(market)
    anchor_ts = int(before.candles.ts[-REPLAYED_BARS:][0])
    data = market_data(ground.lake, market, ground.timeframe_ms, anchor_ts, ground.entry(market).vault_start_ts)
    funding = data.market.funding if len(data.market.funding.ts) else None
    return new_bot(
        _name(strategy, market), strategy, {}, policy_of(strategy), before.instrument, data.candles, funding,
        Mode.SIMULATED, created_ts,
    )  # fmt: skip


def _case_so_far(ground: Ground, journal: Journal, record: BotRecord) -> ParityCase:
    last_ts = journal.status(record.id).last_ts
    end = record.anchor_ts if last_ts is None else last_ts
    data = market_data(ground.lake, record.market, record.timeframe_ms, record.anchor_ts, end + record.timeframe_ms)
    funding = data.market.funding if ground.entry(record.market).has_funding else None
    strategy = find_strategy(record.strategy)
    return ParityCase(strategy, record.parameters, record.policy, record.instrument, data.candles, funding)
