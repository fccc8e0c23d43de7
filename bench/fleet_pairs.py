"""Pairs in a fleet backtest: each leg is a bot with targets, bound to the other; both are met where either has to be.

A step is one bar of one leg, as a step of any fleet. The strategy says nothing between an entry and its exit.
"""

from __future__ import annotations

import asyncio
from contextlib import closing

from bench.clocks import wall
from bench.mixed_markets import Traded, two_perpetuals
from bench.rows import Row
from karat.bots.creation import new_bot
from karat.bots.desk.pairing import Pair
from karat.bots.fleet.runner import FleetRunner
from karat.core.model.policy import Policy, SizeMode
from karat.feeds.common.tape import Tape
from karat.journal import open_memory_journal
from karat.ports.cockpit import Mode
from karat.ports.feed import FeedKey
from karat.ports.journal import BotRecord
from karat.strategies import find_strategy
from karat.strategies.legs import LEG_CLOSES, leg_closes
from karat.venues.paper import PaperVenue

PAIRS = 10
STRATEGY = "pairs"
POLICY = Policy(capital=5_000.0, size_mode=SizeMode.NOTIONAL, size_value=5_000.0, leverage=5.0)


def pair_row(what: str, parameters: dict[str, object], target: float, *, quick: bool) -> Row:
    """Bot-steps per second of ten equal pairs over a year of hours of two perpetuals."""
    legs = two_perpetuals(365)
    bars = 2_000 if quick else len(legs[0].candles)
    _lived(legs, parameters, 1, 600)  # whatever is done once
    seconds, fills = _lived(legs, parameters, PAIRS, bars)
    steps = 2 * PAIRS * bars
    note = f"{PAIRS} pairs, {bars:,} bars a leg, {fills:,} fills, {1000 * fills / steps:.1f} in 1,000 steps"
    return Row(f"fleet, {what}", steps / seconds, "steps/s", target, at_most=False, note=note)


def _lived(legs: tuple[Traded, Traded], parameters: dict[str, object], pairs: int, bars: int) -> tuple[float, int]:
    """Wall seconds of a fleet of equal pairs, and how many fills it had."""
    candles = legs[0].candles[:bars], legs[1].candles[:bars]
    series, strategy = leg_closes(*candles), find_strategy(STRATEGY)
    markets = candles[0].market, candles[1].market

    def leg_of(pair: int, place: int) -> BotRecord:
        given = {**parameters, "leg": place + 1}
        return new_bot(
            f"pair-{pair}-{place}", strategy, given, POLICY, legs[place].instrument, candles[place], None,
            Mode.SIMULATED, 0, series,
        )  # fmt: skip

    bound: list[Pair] = []
    records: list[BotRecord] = []
    for pair in range(pairs):
        first, second = leg_of(pair, 0), leg_of(pair, 1)
        records += [first, second]
        bound.append(Pair(f"pair-{pair}", (first.id, second.id), markets))
    tapes = {
        FeedKey(one.market, one.timeframe_ms, int(one.ts[0]), LEG_CLOSES, markets): Tape(one, None, series)
        for one in candles
    }
    with closing(open_memory_journal()) as journal:
        journal.create_bots([(one, ()) for one in records])
        lives = FleetRunner(journal, tapes, PaperVenue(), find_strategy, lambda *_: True, pairs=bound)
        seconds = wall(lambda: asyncio.run(lives.run([one.id for one in records])))
        assert all(one.bars == bars for one in journal.statuses()), "every leg did every bar"
        return seconds, sum(len(journal.fills(one.id)) for one in records)
