"""Entries rest on whole data: a hole among the last bars, or damage in the store, holds a bot under limits back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tests.unit.bots.fleet import POLICY, Desk, StillClock, demo

from karat.bots.desk.fleet import gate_of
from karat.bots.desk.house import HOLE_BARS, hole_of
from karat.bots.history import History
from karat.bots.runner import Runner
from karat.core.ids import BotId, MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.model.policy import SizeMode
from karat.core.model.reasons import Reason, Refusal
from karat.core.time import HOUR_MS, iso
from karat.feeds.replay import ReplayFeed
from karat.ports.feed import Past
from karat.ports.journal import LimitedBy
from karat.strategies import find_strategy
from karat.venues.paper import PaperVenue

RISKING = replace(POLICY, size_mode=SizeMode.RISK, size_value=0.005)
BARS, GONE = 700, slice(300, 303)


@dataclass
class Keeper:
    """A store that says between two looks that bars are damaged."""

    looks: int = 0
    between: tuple[int, int] = (0, 0)

    def wrong(self, market: MarketId, timeframe_ms: int, needs: Sequence[str]) -> str:
        self.looks += 1
        return "the bars are damaged" if self.between[0] <= self.looks < self.between[1] else ""


def run(home: Path, candles: Candles, data: Keeper | None = None) -> tuple[Desk, BotId]:
    desk = Desk(home, candles, demo(BARS)[1])
    bot, clock = desk.create("ada", policy=RISKING, limits=LimitedBy.FLEET), StillClock()
    runner = Runner(
        desk.journal, lambda key: ReplayFeed(candles, desk.funding, clock), PaperVenue(), find_strategy, clock,
        gate_of=partial(gate_of, data=data),
    )  # fmt: skip
    asyncio.run(runner.run([bot]))
    return desk, bot


def breaker(desk: Desk) -> list[tuple[str, bool]]:
    told = [one for one in desk.journal.log(0, 10**6) if one.kind == "breaker" and one.payload["breaker"] == "data"]
    return [(one.text, one.payload["fell"]) for one in told]


def entered(desk: Desk, bot: BotId) -> list[int]:
    return [fill.bar for fill in desk.journal.fills(bot) if fill.reason == Reason.ENTRY]


def asked_and_refused(desk: Desk, bot: BotId, first_ts: int, end_ts: int) -> list[dict[str, Any]]:
    """The gate that refused, where the strategy asked for an entry and the filter was the first to say no."""
    rows = desk.journal.traces(bot, first_ts, end_ts)
    return [dict(gate) for row in rows for gate in row.chain if gate["gate"] == "filter" and "blocked" in gate]


def test_bars_that_are_missing_hold_entries_back_until_24_whole_ones_have_followed(tmp_path: Path) -> None:
    whole = demo(BARS)[0]
    keep = np.delete(np.arange(BARS), GONE)
    candles = Candles(whole.market, whole.timeframe_ms, *(getattr(whole, name)[keep] for name in CANDLE_COLUMNS))
    desk, bot = run(tmp_path, candles)
    gone_ts = int(whole.ts[GONE.start])
    assert breaker(desk) == [
        (f"Breaker data: 3 bars are missing from {iso(gone_ts)} on; no entries until the data is whole again.", True),
        ("Breaker data was released.", False),
    ]
    first, over = GONE.start, GONE.start + HOLE_BARS - 1  # bar 300 is the first behind the hole
    held = [bar for bar in entered(desk, bot) if first < bar <= over]
    refused = [bar for bar, why in desk.journal.refusals(bot) if first <= bar < over and why is Refusal.FILTER]
    assert not held and refused, "it asked, and was refused"
    assert [bar for bar in entered(desk, bot) if bar > over]
    told = asked_and_refused(desk, bot, gone_ts, gone_ts + 26 * HOUR_MS)
    assert any("breaker data: 3 bars are missing" in one["reason"] for one in told)
    desk.journal.close()


def test_damage_in_the_store_refuses_entries_and_is_forgiven_when_it_is_mended(tmp_path: Path) -> None:
    desk, bot = run(tmp_path / "whole", demo(BARS)[0], Keeper())
    bars = entered(desk, bot)
    third, later = bars[2], [bar for bar in bars if bar > bars[2] + 100]
    desk.journal.close()
    assert later, "there is something to go on with"
    begin = third - 1  # the decision is of the bar before; looks count from 1, bars from 0
    desk, bot = run(tmp_path / "damaged", demo(BARS)[0], Keeper(between=(begin, begin + 100)))
    assert not [bar for bar in entered(desk, bot) if begin <= bar <= begin + 99]
    assert bars[:2] == entered(desk, bot)[:2] and [bar for bar in entered(desk, bot) if bar > begin + 99]
    assert [text for text, _ in breaker(desk)] == [
        "Breaker data: the bars are damaged; no entries until the data is whole again.", "Breaker data was released.",
    ]  # fmt: skip
    desk.journal.close()


def test_a_hole_counts_while_it_lies_among_the_last_bars() -> None:
    candles, funding = demo(100)
    shifted = candles.ts + np.where(np.arange(100) >= 50, 2 * HOUR_MS, 0)
    history = History(candles.market, HOUR_MS, has_funding=True)
    columns = (getattr(candles, name) for name in CANDLE_COLUMNS[1:])
    history.begin(Past(Candles(candles.market, HOUR_MS, shifted, *columns), funding))
    wrong = [bar for bar in range(100) if hole_of(history, bar)]
    assert wrong == list(range(50, 50 + HOLE_BARS - 1))
    assert hole_of(history, 60) == f"2 bars are missing from {iso(int(candles.ts[50]))} on"
