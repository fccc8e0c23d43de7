"""The fleet of the house's size: 45 bots on 13 real markets and four timeframes, under the limits of the fleet.

They run in the runner that runs them on paper, with a journal on disk: every quarter of an hour some bars close, every
hour more, at midnight all four timeframes together. The same bots then run as a fleet backtest, with limits and
without.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from bench.clocks import peak_mb, wall
from bench.closes import House
from bench.load import TARGET_CLOSE_SECONDS, TARGET_DELAY_MS, TARGET_GROWTH_MB, TARGET_MB, TARGET_RESTART_SECONDS
from bench.market import default_costs_policy
from bench.mixed_markets import QUARTER_MS, Traded, traded
from bench.rows import Row
from karat.bots.creation import new_bot
from karat.bots.fleet.runner import FleetRunner
from karat.core.ids import BotId
from karat.core.time import DAY_MS
from karat.feeds.common.tape import Tape
from karat.journal import open_journal, open_memory_journal
from karat.journal.store import SqlJournal
from karat.ports.cockpit import Mode
from karat.ports.feed import FeedKey
from karat.ports.journal import BotRecord, LimitedBy
from karat.strategies import find_strategy
from karat.venues.paper import PaperVenue

BOTS = 45
STRATEGIES = ("ema_crossover", "bollinger_mean_reversion", "buy_and_hold")
DAYS_BEFORE = 120
DAYS = 7  # close by close
QUARTERS_A_DAY = DAY_MS // QUARTER_MS


def load_mixed(quick: bool) -> list[Row]:
    """From each close to the last order, the loop's delay, memory, growth, restart; the same as a fleet backtest."""
    before, days = (20, 1) if quick else (DAYS_BEFORE, DAYS)
    markets = traded(before + days + 1)
    end_ms = min(int(one.candles.ts[-1]) + one.candles.timeframe_ms for one in markets)
    begin_ms = end_ms - (days + 1) * DAY_MS
    closes = [begin_ms + QUARTER_MS * place for place in range(1, days * QUARTERS_A_DAY + 1)]
    with tempfile.TemporaryDirectory(prefix="karat-bench-") as folder, closing(open_journal(Path(folder))) as journal:
        house = _house(journal, markets)
        asyncio.run(house.live(begin_ms, closes))
        ordered = _ordered(journal, house.bots)
        again = House(journal, house.tapes, house.bots)
        asyncio.run(again.live(closes[-1] + QUARTER_MS, [closes[-1] + 2 * QUARTER_MS]))
        done = f"{sum(one.bars for one in journal.statuses()):,} bars done before"
    lived = _lived(house, {close: ordered[close] for close in closes if close in ordered}, closes, _said(markets))
    what = f"{BOTS} bots, restart until the next close"
    restarted = Row(what, again.ready_seconds, "s", TARGET_RESTART_SECONDS, note=done)
    return [*lived, restarted, *(_fleet(markets, limits) for limits in (LimitedBy.FLEET, LimitedBy.NONE))]


def _lived(house: House, ordered: Mapping[int, int], closes: Sequence[int], said: str) -> list[Row]:
    """What a life close by close shows. `ordered`: how many orders each close led to, where it led to any."""
    with_orders = [seconds for close, seconds in zip(closes, house.closes, strict=True) if close in ordered]
    assert with_orders, "some close has an order"
    busy = f"{sum(ordered.values())} orders at {len(ordered)} of {len(closes)} closes, {max(ordered.values())} at most"
    longest, p99 = max(with_orders), float(np.percentile(with_orders, 99))
    beside = (("longest of all closes, s", max(house.closes)), ("median of all", float(np.median(house.closes))))
    grown, quarters = house.grown
    return [
        Row(f"{BOTS} bots, close to last order, longest", longest, "s", TARGET_CLOSE_SECONDS, beside=beside, note=busy),
        Row(f"{BOTS} bots, close to last order, p99", p99, "s", TARGET_CLOSE_SECONDS, note=said),
        Row(f"{BOTS} bots, p99 delay of the loop", house.late_ms, "ms", TARGET_DELAY_MS, note=f"{len(closes)} closes"),
        Row(f"{BOTS} bots, most memory", peak_mb(), "MB", TARGET_MB, note=said),
        Row(f"{BOTS} bots, growth over {quarters // 4} simulated hours", grown, "MB", TARGET_GROWTH_MB, note=said),
    ]  # fmt: skip


def _records(markets: Sequence[Traded], limits: LimitedBy) -> list[tuple[BotRecord, Tape]]:
    """The bots, each with the tape of its feed. A second one follows the finest bars, so that there are 45."""
    found: list[tuple[BotRecord, Tape]] = []
    again = [one for one in markets if one.candles.timeframe_ms == QUARTER_MS]
    for place, one in enumerate([*markets, *again][:BOTS]):
        strategy = find_strategy(STRATEGIES[(place + place // 3) % len(STRATEGIES)])
        record = new_bot(
            f"bot-{place}", strategy, {}, default_costs_policy(), one.instrument, one.candles, one.funding, Mode.PAPER,
            0, limits=limits,
        )  # fmt: skip
        found.append((record, Tape(one.candles, one.funding)))
    return found


def _house(journal: SqlJournal, markets: Sequence[Traded]) -> House:
    made = _records(markets, LimitedBy.FLEET)
    journal.create_bots([(record, ()) for record, _ in made])
    return House(journal, _tapes(made), [record.id for record, _ in made])


def _tapes(made: Sequence[tuple[BotRecord, Tape]]) -> dict[FeedKey, Tape]:
    return {FeedKey(one.market, one.timeframe_ms, one.anchor_ts): tape for one, tape in made}


def _ordered(journal: SqlJournal, bots: Sequence[BotId]) -> Counter[int]:
    """How many orders were decided at each close, by its time."""
    lengths = {record.id: record.timeframe_ms for record in journal.bots()}
    return Counter(one.decision_ts + lengths[bot] for bot in bots for one in journal.orders_of(bot))


def _fleet(markets: Sequence[Traded], limits: LimitedBy) -> Row:
    """The same bots in a fleet backtest."""
    with closing(open_memory_journal()) as journal:
        made = _records(markets, limits)
        journal.create_bots([(record, ()) for record, _ in made])
        lives = FleetRunner(journal, _tapes(made), PaperVenue(), find_strategy, lambda *_: True)
        seconds = wall(lambda: asyncio.run(lives.run([record.id for record, _ in made])))
        steps = sum(one.bars for one in journal.statuses())
        fills = sum(len(journal.fills(record.id)) for record, _ in made)
    under = "under limits" if limits is LimitedBy.FLEET else "without limits"
    often = f"{1000 * fills / steps:.1f} in 1,000 steps"
    note = f"{steps:,} steps, {fills:,} fills, {often}, {seconds:.2f} s; {_said(markets)}"
    return Row(f"{BOTS} bots, fleet backtest {under}", steps / seconds, "steps/s", note=note)


def _said(markets: Sequence[Traded]) -> str:
    names, lengths = ({getattr(one.candles, name) for one in markets} for name in ("market", "timeframe_ms"))
    spot = sum("spot" in name for name in names)
    return f"{len(names)} markets ({len(names) - spot} perpetuals, {spot} spot), {len(lengths)} timeframes"
