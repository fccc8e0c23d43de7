"""Workers: what it costs to evaluate a user strategy in a process of its own, and what sharing saves."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.clocks import wall
from bench.market import World, year
from bench.rows import Row
from karat.bots.history import History
from karat.bots.workers.settings import WorkerSettings
from karat.bots.workers.voices import Spoken, Voices
from karat.core.model.candles import no_funding
from karat.ports.feed import Arrival, Bar, Past
from karat.strategies import Strategy, resolve
from karat.strategies.loading import load_file
from karat.strategies.template import strategy_template

SHARING_BOTS = 100


def workers(quick: bool) -> list[Row]:
    """The template of a user strategy over a growing year of hours, from the anchor at each bar."""
    world = year()
    bars = 300 if quick else 3_000
    note = f"{bars:,} bars, the last of {len(world.candles):,}; the template's strategy, every bar from the anchor"
    with tempfile.TemporaryDirectory(prefix="karat-bench-") as folder:
        file = Path(folder) / "dip_buyer.py"
        file.write_text(strategy_template("dip_buyer"), "utf-8")
        (strategy,) = load_file(file)
        voices = Voices(WorkerSettings())
        try:
            here = bars / _asked(world, strategy, bars, Voices(None), 1)
            begun = wall(lambda: _voice(world, strategy, bars, voices).say())
            there = bars / _asked(world, strategy, bars, voices, 1)
            shared = bars * SHARING_BOTS / _asked(world, strategy, bars, voices, SHARING_BOTS)
        finally:
            voices.close()
    return [
        Row("evaluations in a worker", there, "evaluations/s", beside=(("in this process", here),), note=note),
        Row("what the way to a worker adds", 1e6 * (1.0 / there - 1.0 / here), "us/evaluation", 500.0, note=note),
        Row("a worker's first answer", begun, "s", 5.0, note="interpreter, imports, the first evaluation"),
        Row(f"answers to {SHARING_BOTS} equal bots", shared, "answers/s", note="one evaluation a bar serves them all"),
    ]


def _voice(world: World, strategy: Strategy, bars: int, voices: Voices) -> Spoken:
    return voices.voice(strategy, resolve(strategy), _history(world, bars), carried=False)


def _history(world: World, bars: int) -> History:
    """Everything but the last `bars`."""
    history = History(world.candles.market, world.candles.timeframe_ms, has_funding=False)
    history.begin(Past(world.candles[: len(world.candles) - bars], no_funding()))
    return history


def _asked(world: World, strategy: Strategy, bars: int, voices: Voices, bots: int) -> float:
    """Wall seconds of `bots` equal bots over the last `bars`, after one answer that warms up."""
    history, candles = _history(world, bars), world.candles
    asking = [voices.voice(strategy, resolve(strategy), history, carried=False) for _ in range(bots)]
    asking[0].say()
    columns = (candles.ts, candles.open, candles.high, candles.low, candles.close, candles.volume)
    arrivals = [
        Arrival(Bar(*(column[bar].item() for column in columns)), ())
        for bar in range(len(candles) - bars, len(candles))
    ]

    def follow() -> None:
        for arrival in arrivals:
            history.append(arrival)
            for voice in asking:
                voice.say()

    return wall(follow)
