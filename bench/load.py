"""Load: a thousand paper bots in one process on one market anchor.

Bots run in the runner that runs them on paper, with a journal on disk and carried state (`closes`). The worst close is
one at which every bot sends an order.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import closing
from pathlib import Path

from bench.clocks import peak_mb
from bench.closes import House
from bench.market import World, simple_policy, year
from bench.rows import Row
from karat.bots.creation import new_bot
from karat.core.ids import BotId
from karat.feeds.common.tape import Tape
from karat.journal import open_journal
from karat.journal.store import SqlJournal
from karat.kernel.engine import prepare, run
from karat.ports.cockpit import Mode
from karat.ports.feed import FeedKey
from karat.strategies import Market, evaluate, find_strategy, resolve

BOTS = 1_000
STRATEGY = "buy_and_hold"  # with stop and take: all are in, out and in again at the same closes
QUIET_CLOSES = 96  # of hourly bars: four days
TARGET_CLOSE_SECONDS = 2.0
TARGET_DELAY_MS = 50.0
TARGET_MB = 2_000.0
TARGET_GROWTH_MB = 20.0
TARGET_RESTART_SECONDS = 10.0


def load(quick: bool) -> list[Row]:
    """A close with an order of every bot, the loop's delay over it, memory, growth, restart."""
    bots, closes = (100, 12) if quick else (BOTS, QUIET_CLOSES)
    world = year()
    entry, ends = _entry_bar(world), (world.candles.ts + world.candles.timeframe_ms).tolist()
    note = f"{bots:,} bots on {world.candles.market}, journal on disk"
    with tempfile.TemporaryDirectory(prefix="karat-bench-") as folder, closing(open_journal(Path(folder))) as journal:
        house = _house(journal, world, bots)
        asyncio.run(house.live(ends[entry - 1], ends[entry : entry + 1]))
        sent = sum(1 for bot in house.bots if journal.orders_of(bot))
        assert sent == bots, f"{sent} of {bots} bots sent an order"
        again = House(journal, house.tapes, house.bots)
        asyncio.run(again.live(ends[entry + 1], ends[entry + 2 : entry + 2 + closes]))
        assert all(one.bars == entry + 2 + closes for one in journal.statuses()), "every bot did every bar"
    grown, hours = again.grown
    return [
        Row("close to last order, every bot orders", house.closes[-1], "s", TARGET_CLOSE_SECONDS, note=note),
        Row("p99 delay of the loop over that close", house.late_ms, "ms", TARGET_DELAY_MS, note=note),
        Row("p99 delay of the loop, usual closes", again.late_ms, "ms", TARGET_DELAY_MS, note=f"{closes} closes"),
        Row("most memory", peak_mb(), "MB", TARGET_MB, note=note),
        Row(f"growth over {hours} simulated hours", grown, "MB", TARGET_GROWTH_MB, note=note),
        Row("restart until the next close", again.ready_seconds, "s", TARGET_RESTART_SECONDS, note=f"{entry + 1} bars"),
    ]  # fmt: skip


def _house(journal: SqlJournal, world: World, bots: int) -> House:
    """With bots that are created now."""
    found, policy = find_strategy(STRATEGY), simple_policy()
    records = [
        new_bot(f"bot-{place}", found, {}, policy, world.instrument, world.candles, None, Mode.PAPER, 0)
        for place in range(bots)
    ]
    journal.create_bots([(one, ()) for one in records])
    key = FeedKey(world.candles.market, world.candles.timeframe_ms, records[0].anchor_ts)
    return House(journal, {key: Tape(world.candles, None)}, [BotId(one.id) for one in records])


def _entry_bar(world: World) -> int:
    """A bar at whose close every bot wants in, after some weeks."""
    found = find_strategy(STRATEGY)
    signals = evaluate(found, Market(world.candles), resolve(found))
    fills = run(prepare(world.candles, signals, simple_policy(), world.instrument)).fills
    decided = fills["decision_bar"][(fills["position_before"] == 0) & (fills["bar"] > 500)]
    return int(decided[0])
