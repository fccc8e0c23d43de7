"""The order book in the regime: what was known at the close, the same in a fleet backtest and in a replay."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tests.unit.bots.fleet import POLICY, StillClock, demo

from karat.bots.creation import new_bot
from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.fleet import gate_of
from karat.bots.desk.gates import Answer, Gate
from karat.bots.desk.orders import Wish
from karat.bots.fleet.runner import FleetRunner
from karat.bots.history import History
from karat.bots.runner import Runner
from karat.core.model.candles import Series
from karat.core.model.policy import SizeMode
from karat.core.model.table import Table
from karat.core.time import HOUR_MS, MINUTE_MS, SECOND_MS
from karat.feeds.common.tape import Tape
from karat.feeds.demo.symbols import DEMO_SYMBOLS, demo_instrument
from karat.feeds.replay import ReplayFeed
from karat.ingest.depth import DEPTH
from karat.journal import open_memory_journal
from karat.kernel.state import State
from karat.lake.inputs import IMBALANCE, book_imbalance, input_table
from karat.lake.store import open_lake
from karat.ports.cockpit import Mode
from karat.ports.feed import FeedKey
from karat.ports.journal import LimitedBy
from karat.ports.trading import Facts
from karat.risk.regime import Scored
from karat.strategies import find_strategy
from karat.venues.paper import PaperVenue

BARS = 400
CANDLES, FUNDING = demo(BARS)
CLOSES = CANDLES.ts + HOUR_MS


def book_at(ts: list[int], value: list[float], delay_ms: int = SECOND_MS) -> Series:
    times = np.array(ts, np.int64)
    return Series(IMBALANCE, times, times + delay_ms, np.array(value))


def known(book: Series | None) -> list[float | None]:
    return [one.imbalance for one in Tape(CANDLES, FUNDING, (), book).arrivals(0, 4)]


def test_what_counts_is_the_newest_that_was_known_at_the_close_and_not_older_than_a_minute() -> None:
    first, second, third, fourth = (int(close) for close in CLOSES[:4])
    book = book_at(
        [first - 2_000, first - 1_000, first - 999, second - MINUTE_MS, third - MINUTE_MS - 1, fourth - 5_000,
         fourth - 2_000],
        [0.1, 0.2, 0.9, -0.7, 0.5, 0.4, float("nan")],
    )  # fmt: skip
    assert known(book) == [0.2, -0.7, None, None]  # known a second later; a minute old; older; not whole at the end
    assert known(None) == known(book_at([], [])) == [None] * 4


@dataclass
class Noting:
    gate: Gate
    desk: Desk
    history: History
    noted: dict[int, Scored]

    def closed(self, book: Book, bar: int, ts: int, state: State, confidence: float | None) -> None:
        self.gate.closed(book, bar, ts, state, confidence)
        assert self.desk.house is not None
        self.noted[ts] = self.desk.house.regime(self.history, bar, ts)

    def ask(self, book: Book, wish: Wish, decision_ts: int, now_ms: int) -> Answer:
        return self.gate.ask(book, wish, decision_ts, now_ms)


def run(book: Series | None, *, as_fleet: bool, stop: int = BARS) -> tuple[dict[int, Scored], list[dict[str, Any]]]:
    """The regime of every bar, and what the filter told; a replay is interrupted at `stop` and goes on."""
    journal, clock, noted = open_memory_journal(), StillClock(), dict[int, Scored]()
    policy = replace(POLICY, size_mode=SizeMode.RISK, size_value=0.005)
    record = new_bot(
        "ada", find_strategy("bollinger_mean_reversion"), {}, policy, demo_instrument(DEMO_SYMBOLS[0]), CANDLES,
        FUNDING, Mode.SIMULATED, 0, limits=LimitedBy.FLEET,
    )  # fmt: skip
    journal.create_bot(record)

    def gate(desk: Desk, book: Book, history: History, facts: Facts) -> Gate:
        return Noting(gate_of(desk, book, history, facts), desk, history, noted)

    if as_fleet:
        tapes = {FeedKey(record.market, HOUR_MS, record.anchor_ts): Tape(CANDLES, FUNDING, (), book)}
        runner = FleetRunner(journal, tapes, PaperVenue(), find_strategy, lambda strategy, values: True, gate)
        asyncio.run(runner.run([record.id]))
    else:
        for until in (stop, None) if stop < BARS else (None,):
            replayed = Runner(
                journal, lambda key: ReplayFeed(CANDLES, FUNDING, clock, book=book), PaperVenue(), find_strategy,
                clock, gate_of=gate,
            )  # fmt: skip
            asyncio.run(replayed.run([record.id], None if until is None else int(CANDLES.ts[until])))
    chain = [dict(one) for row in journal.traces(record.id, 0, 2**62) for one in row.chain]
    journal.close()
    return noted, [one for one in chain if one["gate"] == "filter" and "regime" in one]


def test_a_book_that_leans_gives_a_point_of_trend_and_all_runs_see_the_same() -> None:
    moving = np.sign(np.diff(CANDLES.close, prepend=CANDLES.close[0]))
    book = book_at((CLOSES - 1_000).tolist(), (0.8 * moving).tolist())
    fleet, told = run(book, as_fleet=True)
    replay, told_again = run(book, as_fleet=False, stop=250)
    without, told_without = run(None, as_fleet=True)
    assert fleet == replay and told == told_again and len(fleet) == BARS
    for ts, scored in fleet.items():
        bare = without[ts]
        if scored.readings is None or bare.readings is None:
            assert scored == bare
            continue
        bar = int(np.searchsorted(CANDLES.ts, ts))
        assert scored.readings.imbalance == 0.8 * moving[bar] and bare.readings.imbalance is None
        assert scored.trend - bare.trend == int(moving[bar] == scored.readings.side)
    assert any(fleet[ts].regime is not without[ts].regime for ts in fleet)
    assert {abs(one["imbalance"]) for one in told} == {0.8}
    assert all(one["imbalance"] == {"undefined": "no order book of the last minute is known"} for one in told_without)


def test_the_lake_gives_the_book_of_a_market_that_has_one(tmp_path: Path) -> None:
    lake, market = open_lake(tmp_path), DEMO_SYMBOLS[0]
    assert book_imbalance(lake, market) is None
    names = [name for name in DEPTH.names if name not in ("ts", "available_at")]
    columns: dict[str, Any] = {name: np.array([0.1, 0.2]) for name in names}
    times = {"ts": np.array([1_000, 2_000], np.int64), "available_at": np.array([2_000, 3_000], np.int64)}
    rows = Table(DEPTH, {**times, **columns, "imbalance_5": np.array([0.5, -0.5])})
    with lake.change() as change:
        change.put_table(input_table(market, IMBALANCE), rows)
    found = book_imbalance(lake, market)
    assert found is not None and found.value.tolist() == [0.5, -0.5] and found.available_at.tolist() == [2_000, 3_000]
