"""The runner: one bot on a year of hourly bars, its journal on disk.

Every bar is one transaction; a carried bot writes a run of bars in which nothing happens in one.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from bench.clocks import wall
from bench.market import World, simple_policy, year
from bench.rows import Row
from karat.bots.creation import new_bot
from karat.bots.runner import Runner
from karat.bots.system_clock import SystemClock
from karat.feeds.replay import ReplayFeed
from karat.journal import open_journal
from karat.ports.cockpit import Mode
from karat.strategies import find_strategy
from karat.venues.paper import PaperVenue

STRATEGIES = ("ema_crossover", "bollinger_mean_reversion", "buy_and_hold")


def runner(quick: bool) -> list[Row]:
    """Bars per second: every bar's signals recomputed from the anchor on, then from carried state."""
    world = year()
    bars = 2_000 if quick else len(world.candles)
    rows: list[Row] = []
    note = f"{bars:,} bars from an empty journal; start and end of the runner included"
    for carried, target in ((False, 5_000.0), (True, 50_000.0)):
        for strategy in STRATEGIES:
            _replayed(world, strategy, 200, carried=carried)
            speed = bars / _replayed(world, strategy, bars, carried=carried)
            what = f"runner, {strategy}{', carried' if carried else ''}"
            rows.append(Row(what, speed, "bars/s", target, at_most=False, note=note))
    return rows


def _replayed(world: World, strategy: str, bars: int, *, carried: bool) -> float:
    """Wall seconds of a bot's life over the first `bars` bars."""
    candles, clock = world.candles[:bars], SystemClock()
    with tempfile.TemporaryDirectory(prefix="karat-bench-") as folder:
        journal = open_journal(Path(folder))
        try:
            found = find_strategy(strategy)
            record = new_bot("bench", found, {}, simple_policy(), world.instrument, candles, None, Mode.SIMULATED, 0)
            journal.create_bot(record)
            feed = ReplayFeed(candles, None, clock)
            lives = Runner(journal, lambda key: feed, PaperVenue(), find_strategy, clock, lambda *_: carried)
            seconds = wall(lambda: asyncio.run(lives.run([record.id])))
            done = journal.status(record.id).bars
        finally:
            journal.close()
    assert done == bars, f"the bot did {done} of {bars} bars"
    return seconds
