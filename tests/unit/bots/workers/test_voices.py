"""Voices are shared, equal this process to the bit, and leave the event loop alone while a worker computes."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.bots.fleet import MARKET, POLICY, Desk, demo, kept
from tests.unit.bots.workers.ground import CROSSES, LOOPS, SETTINGS, Ground, last_row

from karat.bots.history import History
from karat.bots.runner import Runner
from karat.bots.workers.voices import Voices
from karat.bots.workers.wire import ROWS_MAX
from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import BotId
from karat.core.model.candles import Series
from karat.core.model.signals import Signals
from karat.core.time import HOUR_MS
from karat.ports.cockpit import BotState
from karat.strategies import evaluate, find_strategy, resolve

EVERYTHING = """
mood = market.series("mood")
rising = market.close > market.sma(p.period)
return signals(
    len(market), long=rising & (mood > 0.5), short=~rising & (market.series("funding") > 0.0), exit_long=~rising,
    confidence=np.clip(mood, 0.0, 1.0), stop=market.atr(14), take=2.0 * market.atr(7), size_scale=0.5 + mood / 2.0,
    leverage=np.where(rising, 2.0, np.nan),
)
"""
LEANS = "return signals(len(market), target=np.clip((market.sma(20) / market.close - 1.0) * 40.0, -1.0, 1.0))"


class WorkerDesk(Desk):
    """A desk whose user strategies are evaluated in workers."""

    def runner(self, venue: Any = None, safety: Any = None) -> Runner:
        made = super().runner(venue, safety)
        made._voices = Voices(SETTINGS)
        return made


def mood(bars: int) -> Series:
    stamps = demo(bars)[0].ts[::7]
    return Series("mood", stamps, stamps + 5_400_000, (np.sin(np.arange(len(stamps))) + 1.0) / 2.0)


def test_every_bar_is_what_this_process_says_with_all_columns_funding_and_a_series(ground: Ground) -> None:
    ground.begin(300, (mood(300),))
    strategy = ground.strategy("everything", EVERYTHING, needs=("funding", "mood"))
    voice, entries = ground.voice(strategy), set[int]()
    for _ in range(199):
        ground.grow()
        said = voice.say()
        entries |= set(said.entry.tolist())
        assert last_row(said) == last_row(evaluate(strategy, ground.history.market(), resolve(strategy)))
    assert entries >= {0, -1} and ground.history.bars == 499


def test_a_worker_sees_columns_that_have_moved(ground: Ground) -> None:
    wide = Ground(ground.folder, ground.voices, ground.history, bars=1_100)
    wide.begin(1_000)
    strategy = wide.strategy("crosses", CROSSES)
    voice = wide.voice(strategy)
    for _ in range(60):
        wide.grow()
        assert last_row(voice.say()) == last_row(evaluate(strategy, wide.history.market(), resolve(strategy)))


def test_bots_of_a_user_strategy_trade_as_one_call_does(tmp_path: Path) -> None:
    policy = replace(POLICY, reentry_max=0, rebalance_band=0.1)
    ground = Ground(tmp_path, Voices(None), None, 700)  # type: ignore[arg-type]
    strategy = ground.strategy("mine", LEANS)
    desk = WorkerDesk(tmp_path, *demo(400), strategies=lambda name: strategy, carried=True)
    beside = Desk(tmp_path / "beside", *demo(400), strategies=lambda name: strategy)
    bots = [one.create("ada", "mine", policy) for one in (desk, beside)]
    desk.run(bots[0], until=133)
    desk.run(bots[0])
    beside.run(bots[1])
    assert kept(desk.journal, bots[0]) == kept(beside.journal, bots[1])
    record = desk.in_one_call("mine", policy)
    assert desk.journal.marks(bots[0]).equity.tobytes() == record.equity.tobytes()
    assert len(desk.journal.fills(bots[0])) > 20
    desk.journal.close(), beside.journal.close()


def test_a_bot_that_loops_is_halted_with_its_cause_and_resumes_in_a_new_worker(tmp_path: Path) -> None:
    ground = Ground(tmp_path, Voices(None), None, 300)  # type: ignore[arg-type]
    # It loops once: the file it leaves behind stands for what an operator has mended outside.
    body = f"import pathlib\nonce = pathlib.Path({str(tmp_path / 'once')!r})\n"
    body += f"if len(market) == 200 and not once.exists():\n    once.touch()\n    while True:\n        pass\n{CROSSES}"
    strategy = ground.strategy("loops", body)
    desk = WorkerDesk(
        tmp_path, *demo(300), strategies=lambda name: strategy if name == "loops" else find_strategy(name)
    )
    bad, good = desk.create("bad", "loops"), desk.create("good", "ema_crossover")
    desk.run(bad, good)
    status = desk.journal.status(bad)
    assert (status.state, status.bars) == (BotState.FAILED, 199) and "within 0.5 s over 200 bars" in status.cause
    assert desk.journal.status(good).state == BotState.FINISHED
    desk.run(bad)
    assert desk.journal.status(BotId("bad")).state == BotState.FINISHED
    desk.journal.close()


def test_the_whole_of_it_is_what_this_process_says_in_however_many_frames(tmp_path: Path) -> None:
    wide = Ground(tmp_path, Voices(SETTINGS), History(MARKET, HOUR_MS, has_funding=True), 3 * ROWS_MAX)
    wide.begin(3 * ROWS_MAX - 1, (mood(3 * ROWS_MAX - 1),))
    strategy = wide.strategy("everything", EVERYTHING, needs=("funding", "mood"))
    said = wide.voices.whole(strategy, resolve(strategy), wide.history)
    here = evaluate(strategy, wide.history.market(), resolve(strategy))
    for spec in fields(Signals):
        one, other = getattr(said, spec.name), getattr(here, spec.name)
        assert (one is None and other is None) or one.tobytes() == other.tobytes()
    wide.voices.close()


def test_many_bots_that_ask_the_same_cost_one_evaluation_a_bar(ground: Ground) -> None:
    asked = ground.folder / "asked"
    body = f"with open({str(asked)!r}, 'a') as file:\n    file.write('x')\n{CROSSES}"
    strategy = ground.strategy("counts", body)
    for voices in (Voices(None), ground.voices):
        asked.write_text("")
        same = [voices.voice(strategy, resolve(strategy), ground.history, carried=False) for _ in range(50)]
        other = voices.voice(strategy, resolve(strategy, {"period": 30}), ground.history, carried=False)
        for _ in range(3):
            ground.grow()
            assert len({id(voice.say()) for voice in same}) == 1
            other.say()
        assert asked.read_text() == "x" * 6


async def test_the_event_loop_goes_on_while_a_worker_loops(ground: Ground) -> None:
    strategy = ground.strategy("loops", LOOPS.format(bars=300))
    voice = ground.voice(strategy)
    await voice.said()
    ground.grow()
    asking = [asyncio.create_task(voice.said()) for _ in range(3)]
    turns = 0
    while not all(one.done() for one in asking):
        await asyncio.sleep(0.001)
        turns += 1
    assert [type(one.exception()) for one in asking] == [NeedsOperator] * 3 and turns > 5


async def test_who_is_cancelled_stops_waiting_and_others_get_the_answer(ground: Ground) -> None:
    strategy = ground.strategy("crosses", CROSSES)
    voice = ground.voice(strategy)
    gone, stays = asyncio.create_task(voice.said()), asyncio.create_task(voice.said())
    await asyncio.sleep(0)
    gone.cancel()
    said = await stays
    assert gone.cancelled()
    assert last_row(said) == last_row(evaluate(strategy, ground.history.market(), resolve(strategy)))


async def test_closing_ends_a_worker_that_computes(ground: Ground) -> None:
    strategy = ground.strategy("loops", LOOPS.format(bars=0))
    asking = asyncio.create_task(ground.voice(strategy).said())
    while ground.pid(strategy) is None:
        await asyncio.sleep(0.001)
    pid = ground.pid(strategy)
    await asyncio.to_thread(ground.voices.close)
    (ended,) = await asyncio.gather(asking, return_exceptions=True)
    assert getattr(ended, "code", "") == "workers_closed" and not Path(f"/proc/{pid}").exists()


def test_settings_that_make_no_sense_are_refused() -> None:
    for wrong in ({"seconds_max": 0.0}, {"seconds_max": 61.0}, {"memory_bytes_max": 1}, {"output_bytes_max": 0}):
        with pytest.raises(InputError) as refused:
            replace(SETTINGS, **wrong)
        assert refused.value.code == "bad_worker_setting"
