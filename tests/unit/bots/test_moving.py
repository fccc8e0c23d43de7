"""How markets move together as bots see it: from closed bars alone, the same in a fleet backtest and in a replay."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from tests.unit.bots.fleet import POLICY, StillClock, demo

from karat.bots.creation import new_bot
from karat.bots.desk.book import Book
from karat.bots.desk.desk import Desk
from karat.bots.desk.fleet import gate_of
from karat.bots.desk.gates import Answer, Gate
from karat.bots.desk.moving import STALE_MS, Moving
from karat.bots.desk.orders import Wish
from karat.bots.fleet.runner import FleetRunner
from karat.bots.history import History
from karat.bots.runner import Runner
from karat.core.ids import BotId
from karat.core.model.candles import Candles, Funding
from karat.core.model.policy import SizeMode
from karat.core.time import HOUR_MS, MINUTE_MS
from karat.feeds.common.tape import Tape
from karat.feeds.demo.symbols import DEMO_SYMBOLS, demo_instrument
from karat.feeds.replay import ReplayFeed
from karat.journal import open_memory_journal
from karat.kernel.state import State
from karat.ports.cockpit import Mode
from karat.ports.feed import FeedKey, Past
from karat.ports.journal import LimitedBy
from karat.ports.trading import Facts
from karat.risk.correlation import ONE_BET, Correlation, plausible
from karat.strategies import find_strategy
from karat.venues.paper import PaperVenue

FIRST, SECOND = DEMO_SYMBOLS[:2]
BARS = 700
UNPAID = Funding(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
RISKING = replace(POLICY, size_mode=SizeMode.RISK, size_value=0.005)


def followed(candles: Candles, bars: int) -> History:
    history = History(candles.market, candles.timeframe_ms, has_funding=False)
    history.begin(Past(candles[:bars], UNPAID))
    return history


def moving(*histories: History) -> Moving:
    found = Moving()
    for history in histories:
        found.follow(history)
    return found


def test_a_bar_of_the_same_close_or_later_changes_nothing() -> None:
    one, other = demo(400, FIRST)[0], demo(400, SECOND)[0]
    close_ms = int(one.ts[299]) + HOUR_MS
    expected = plausible(one.close[:299], other.close[:299])
    for bars in (299, 300, 400):
        found = moving(followed(one, 300), followed(other, bars)).at(close_ms)
        assert found[FIRST, SECOND] == found[SECOND, FIRST] == expected != ONE_BET


def test_it_goes_on_with_the_bars_and_knows_nothing_before_five_days_and_after_four_days_of_silence() -> None:
    one, other = demo(400, FIRST)[0], demo(400, SECOND)[0]
    histories = followed(one, 400), followed(other, 400)
    known, opens = moving(*histories), one.ts.tolist()
    assert known.at(opens[121])[FIRST, SECOND] == ONE_BET  # bar 120 closes then, so that 119 returns lie before it
    assert known.at(opens[122])[FIRST, SECOND] != ONE_BET
    newest = opens[399] + HOUR_MS
    assert known.at(newest + STALE_MS)[FIRST, SECOND] != ONE_BET
    assert known.at(newest + STALE_MS + 1)[FIRST, SECOND] == ONE_BET
    assert known.at(newest)["demo:NOBODY", FIRST] == ONE_BET  # type: ignore[index]


def test_minutes_are_sampled_by_the_hour_and_other_lengths_are_not_mixed() -> None:
    hours, other = demo(200, FIRST)[0], demo(200, SECOND)[0]
    minutes = [_in_minutes(one) for one in (hours, other)]
    close_ms = int(hours.ts[-1]) + HOUR_MS + 1
    coarse = moving(followed(hours, 200), followed(other, 200)).at(close_ms)[FIRST, SECOND]
    fine = moving(*(followed(one, len(one)) for one in minutes)).at(close_ms)[FIRST, SECOND]
    assert fine == coarse != ONE_BET
    mixed = moving(followed(hours, 200), followed(minutes[1], len(minutes[1]))).at(close_ms)
    assert mixed[FIRST, SECOND] == ONE_BET


def _in_minutes(hours: Candles) -> Candles:
    """Bars of a minute that hold the close of their hour, and something else before it."""
    ts = np.arange(int(hours.ts[0]), int(hours.ts[-1]) + HOUR_MS, MINUTE_MS)
    close = np.repeat(hours.close, 60) * (1.0 + 0.001 * (np.arange(len(ts)) % 60 < 59))
    return Candles(hours.market, MINUTE_MS, ts, close, close, close, close, np.ones(len(ts)))


@dataclass
class Noting:
    """The desk's own gate, which notes at each close of a bot what its market is reckoned to move like."""

    gate: Gate
    desk: Desk
    noted: dict[tuple[str, int], Correlation]

    def closed(self, book: Book, bar: int, ts: int, state: State, confidence: float | None) -> None:
        self.gate.closed(book, bar, ts, state, confidence)
        assert self.desk.house is not None
        self.noted[book.record.name, ts] = self.desk.house.moving.at(ts + HOUR_MS)[FIRST, SECOND]

    def ask(self, book: Book, wish: Wish, decision_ts: int, now_ms: int) -> Answer:
        return self.gate.ask(book, wish, decision_ts, now_ms)


def noted(*, as_fleet: bool) -> tuple[dict[tuple[str, int], Correlation], list[dict[str, Any]]]:
    """What bots on two markets reckoned with at each close, and the decisions of risk."""
    journal, clock = open_memory_journal(), StillClock()
    tapes: dict[FeedKey, Tape] = {}
    bots: list[BotId] = []
    for symbol in (FIRST, SECOND):
        candles, funding = demo(BARS, symbol)
        record = new_bot(
            f"bot{len(bots)}", find_strategy("bollinger_mean_reversion"), {}, RISKING, demo_instrument(symbol),
            candles, funding, Mode.SIMULATED, 0, limits=LimitedBy.FLEET,
        )  # fmt: skip
        journal.create_bot(record)
        bots.append(record.id)
        tapes[FeedKey(record.market, record.timeframe_ms, record.anchor_ts)] = Tape(candles, funding)
    found: dict[tuple[str, int], Correlation] = {}

    def gate(desk: Desk, book: Book, history: History, facts: Facts) -> Gate:
        return Noting(gate_of(desk, book, history, facts), desk, found)

    if as_fleet:
        runner: Runner = FleetRunner(journal, tapes, PaperVenue(), find_strategy, lambda strategy, values: True, gate)
    else:
        feeds = {key: (tape.candles, tape.funding) for key, tape in tapes.items()}
        runner = Runner(
            journal, lambda key: ReplayFeed(*feeds[key], clock), PaperVenue(), find_strategy, clock, gate_of=gate
        )  # fmt: skip
    asyncio.run(runner.run(bots))
    decisions = [dict(one.payload) for one in journal.log(0, 10**6) if one.kind == "risk"]
    journal.close()
    return found, decisions


def figures(decisions: list[dict[str, Any]], rule: str) -> list[float]:
    return [found["value"] for one in decisions for found in one["findings"] if found["rule"] == rule]


def test_a_fleet_backtest_and_a_replay_reckon_with_the_same_at_every_close() -> None:
    fleet, decisions = noted(as_fleet=True)
    replay, _ = noted(as_fleet=False)
    assert fleet == replay and len(fleet) == 2 * BARS
    assert len(set(fleet.values())) > BARS // 2 and ONE_BET in fleet.values()
    alone, together, gross = (
        figures(decisions, rule) for rule in ("symbol_exposure", "correlated_exposure", "gross_exposure")
    )
    assert any(one < both < whole for one, both, whole in zip(alone, together, gross, strict=True))
