"""A fleet backtest: the runtime on a virtual clock. Its peer is the kernel alone, which has no orders and no journal.

A step is one bar of one bot. Each figure is wall time of one process on one core, journal in memory, start and end of
the runner included; signals are read, as where a check has passed.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bench.clocks import wall
from bench.fleet_pairs import pair_row
from bench.market import World, simple_policy, year
from bench.rows import Row
from karat.bots.creation import new_bot
from karat.bots.fleet.runner import FleetRunner
from karat.core.model.policy import LevelMode, Policy
from karat.feeds.common.tape import Tape
from karat.journal import open_memory_journal
from karat.kernel.engine import prepare, run
from karat.ports.cockpit import Mode
from karat.ports.feed import FeedKey
from karat.ports.journal import LimitedBy
from karat.strategies import Market, evaluate, find_strategy, resolve
from karat.venues.paper import PaperVenue

BOTS = 20
TARGET_QUIET = 50_000.0
TARGET_WITH_ORDERS = 10_000.0
FAR_STOP = replace(Policy(), stop_mode=LevelMode.ATR, stop_value=50.0)  # under limits a bot needs one
SECTIONS = (  # what, strategy, policy, under Karat's own limits, target
    ("quiet bars", "buy_and_hold", Policy(), LimitedBy.NONE, TARGET_QUIET),
    ("orders", "ema_crossover", simple_policy(), LimitedBy.NONE, TARGET_WITH_ORDERS),
    ("many orders", "bollinger_mean_reversion", simple_policy(), LimitedBy.NONE, None),
    ("quiet bars, under limits", "buy_and_hold", FAR_STOP, LimitedBy.FLEET, TARGET_QUIET),
    ("orders, under limits", "ema_crossover", simple_policy(), LimitedBy.FLEET, TARGET_WITH_ORDERS),
    ("many orders, under limits", "bollinger_mean_reversion", simple_policy(), LimitedBy.FLEET, None),
)


def fleet(quick: bool) -> list[Row]:
    """Bot-steps per second, and those of the kernel alone on the same signals."""
    world = year()
    bars = 2_000 if quick else len(world.candles)
    rows: list[Row] = []
    for what, strategy, policy, limits, target in SECTIONS:
        _lived(world, strategy, policy, limits, 2, 300)  # whatever is done once
        seconds, fills = _lived(world, strategy, policy, limits, BOTS, bars)
        steps = BOTS * bars
        note = f"{BOTS} bots, {bars:,} bars each, {fills:,} fills, {1000 * fills / steps:.1f} in 1,000 steps"
        beside = (("kernel alone, steps/s", _kernel(world, strategy, policy, bars)),)
        rows.append(Row(f"fleet, {what}", steps / seconds, "steps/s", target, at_most=False, beside=beside, note=note))
    rarely: dict[str, object] = {"entry_deviations": 3.5, "window": 2_000}
    rows.append(pair_row("pairs, quiet bars", rarely, TARGET_QUIET, quick=quick))
    rows.append(pair_row("pairs, orders", {}, TARGET_WITH_ORDERS, quick=quick))
    return rows


def _lived(
    world: World, strategy: str, policy: Policy, limits: LimitedBy, bots: int, bars: int
) -> tuple[float, int]:  # fmt: skip
    """Wall seconds of a fleet of equal bots, and how many fills it had."""
    candles, found, journal = world.candles[:bars], find_strategy(strategy), open_memory_journal()
    try:
        records = [
            new_bot(
                f"bot-{place}", found, {}, policy, world.instrument, candles, None, Mode.SIMULATED, 0, limits=limits
            )
            for place in range(bots)
        ]
        journal.create_bots([(record, ()) for record in records])
        key = FeedKey(candles.market, candles.timeframe_ms, records[0].anchor_ts)
        lives = FleetRunner(journal, {key: Tape(candles, None)}, PaperVenue(), find_strategy, lambda *_: True)
        seconds = wall(lambda: asyncio.run(lives.run([record.id for record in records])))
        assert all(one.bars == bars for one in journal.statuses()), "every bot did every bar"
        return seconds, sum(len(journal.fills(record.id)) for record in records)
    finally:
        journal.close()


def _kernel(world: World, strategy: str, policy: Policy, bars: int) -> float:
    candles, found = world.candles[:bars], find_strategy(strategy)
    inputs = prepare(candles, evaluate(found, Market(candles), resolve(found)), policy, world.instrument)
    run(inputs)
    return bars / wall(lambda: run(inputs))
