"""Paper bots are compared once per UTC day after 00:10; what is found stands in the journal, and is told when bad."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.bots.fleet import POLICY, Desk, StillClock, demo
from tests.unit.bots.workers.ground import CROSSES
from tests.unit.strategies.written import written

from karat.bots.creation import new_bot
from karat.bots.desk.desk import Desk as TradingDesk
from karat.bots.runner import Runner
from karat.bots.workers.settings import WorkerSettings
from karat.bots.workers.voices import Voices
from karat.control.nightly import AFTER_MS, DAY_MS, NightlyParity
from karat.control.running_parity import BotParity, parity_of
from karat.core.errors import NeedsOperator
from karat.core.ids import BotId
from karat.feeds.demo.symbols import demo_instrument
from karat.feeds.replay import ReplayFeed
from karat.ports.cockpit import BotState, Mode
from karat.strategies import Strategy, find_strategy
from karat.venues.paper import PaperVenue

DAY = 20_000
REPLAYS = Mode.SIMULATED
# Well behaved as long as it runs as a bot. The file stands for the night: from then on it never answers, or fails.
NIGHT = "import pathlib\nif pathlib.Path({file!r}).exists():\n    {badly}\n" + CROSSES
ADA = BotId("ada")


class Nights:
    """Asks the chore at given times while a bot runs, one time a bar, until the work of each time is done."""

    def __init__(
        self, home: Path, judge: Callable[[Desk, BotId], BotParity], adas: Strategy | None = None, eves: Mode = REPLAYS
    ) -> None:
        """`adas`: her strategy; `eves`: how the other bot, which has a strategy of Karat's own, runs."""
        plain = find_strategy("bollinger_mean_reversion")
        known = {one.name: one for one in (plain, adas or plain)}
        self.desk = Desk(home, *demo(900), strategies=known.__getitem__)  # others get their turn each 128 bars
        instrument = demo_instrument(self.desk.candles.market)
        for name, strategy, mode in (("ada", adas or plain, Mode.PAPER), ("eve", plain, eves)):
            record = new_bot(name, strategy, {}, POLICY, instrument, self.desk.candles, self.desk.funding, mode, 0, ())
            self.desk.journal.create_bot(record)
        self.judged: list[BotId] = []

        def noted(bot: BotId) -> BotParity:
            self.judged.append(bot)
            return judge(self.desk, bot)

        self.judge = noted

    def pass_by(self, *times_ms: int) -> None:
        """A process that is alive at these times."""
        chore = NightlyParity(self.judge)
        clock = StillClock()
        left = list(times_ms)

        class AtTimes:
            def tick(self, desk: TradingDesk, now_ms: int) -> None:
                if left and desk.books and next(iter(desk.books.values())).kernel.bar > 30:
                    at_ms = left.pop(0)
                    chore.tick(desk, at_ms)
                    if chore._under_way is not None:
                        chore._under_way[1].exception()
                        chore.tick(desk, at_ms)

        runner = Runner(
            self.desk.journal, lambda key: ReplayFeed(self.desk.candles, self.desk.funding, clock, 1.0),
            PaperVenue(), self.desk.strategies, clock, chores=(AtTimes(),),
        )  # fmt: skip
        asyncio.run(runner.run([ADA, BotId("eve")]))
        chore.close()
        assert left == [], "the bots ended before the nights did"


def honest(desk: Desk, bot: BotId) -> BotParity:
    record = desk.journal.bot(bot)
    return parity_of(desk.journal, record, desk.strategies(record.strategy), desk.candles, desk.funding)


def test_before_ten_past_midnight_nothing_is_compared(tmp_path: Path) -> None:
    nights = Nights(tmp_path, honest)
    day = DAY * DAY_MS
    nights.pass_by(day, day + AFTER_MS - 1)
    facts = nights.desk.journal.facts()
    assert nights.judged == [] and not any(name.startswith("parity") for name in facts)
    nights.desk.journal.close()


def test_it_is_kept_and_told_where_it_is_bad(tmp_path: Path) -> None:
    percents = iter([100.0, 98.5])

    def judge(desk: Desk, bot: BotId) -> BotParity:
        return replace(honest(desk, bot), percent=next(percents))

    nights = Nights(tmp_path, judge)
    day = DAY * DAY_MS + AFTER_MS
    nights.pass_by(day, day + 1, day + DAY_MS - AFTER_MS, day + DAY_MS)
    assert nights.judged == [ADA, ADA]
    facts = nights.desk.journal.facts()
    assert facts["parity:ada"]["percent"] == 98.5 and facts["parity:ada"]["at_ms"] == day + DAY_MS
    assert "parity:eve" not in facts
    told = [one for one in nights.desk.journal.log(0, 100_000) if one.payload.get("code") == "parity"]
    assert [one.text for one in told] == ["Parity with the backtest is 98.50%, below 99%."]
    nights.desk.journal.close()


def test_what_cannot_be_found_out_is_said(tmp_path: Path) -> None:
    def judge(desk: Desk, bot: BotId) -> BotParity:
        raise NeedsOperator("strategy_changed", "The code has changed.", "Put it back.")

    nights = Nights(tmp_path, judge)
    nights.pass_by(DAY * DAY_MS + AFTER_MS)
    assert "The code has changed." in nights.desk.journal.facts()["parity:ada"]["percent"]["undefined"]
    told = [one.text for one in nights.desk.journal.log(0, 100_000) if one.payload.get("code") == "parity"]
    assert len(told) == 1 and "was not evaluated" in told[0]
    nights.desk.journal.close()


@pytest.mark.parametrize(
    ("badly", "why"), [("while True: pass", "gave no answer within 2 s over"), ("1 / 0", "ZeroDivisionError")]
)
def test_a_strategy_that_hangs_or_raises_costs_its_own_parity_and_nothing_else(
    badly: str, why: str, tmp_path: Path
) -> None:
    night = tmp_path / "night"
    strategy = written(tmp_path, "moody", NIGHT.format(file=str(night), badly=badly))
    voices = Voices(WorkerSettings(seconds_max=1.0, first_seconds_max=2.0))

    def judge(desk: Desk, bot: BotId) -> BotParity:
        if bot == ADA:  # the bots wait meanwhile; while eve is judged they go on
            night.touch()
        record = desk.journal.bot(bot)
        try:
            return parity_of(
                desk.journal, record, desk.strategies(record.strategy), desk.candles, desk.funding, (), voices
            )
        finally:
            night.unlink(missing_ok=True)

    nights = Nights(tmp_path / "home", judge, strategy, Mode.PAPER)
    at = DAY * DAY_MS + AFTER_MS
    nights.pass_by(at, at + 1, at + 2)
    voices.close()
    facts = nights.desk.journal.facts()
    assert facts["parity:ada"]["percent"]["undefined"].startswith("not evaluated: moody")
    assert why in facts["parity:ada"]["percent"]["undefined"]
    assert facts["parity:eve"]["percent"] == 100.0
    assert {status.state for status in nights.desk.journal.statuses()} == {BotState.FINISHED}
    nights.desk.journal.close()
