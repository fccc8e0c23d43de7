"""The virtual loop: it never waits, it keeps asyncio's promises, and a process that dies just stops."""

from __future__ import annotations

import asyncio
import gc

import pytest
from tests.chaos.storm.clock import VirtualClock
from tests.chaos.storm.loop import NothingLeft, RealWorld, VirtualLoop
from tests.chaos.storm.seeds import Dice
from tests.chaos.storm.world import SECOND, World

START_MS = 1_700_000_000_000


def a_loop(seed: int = 1, after_step=None) -> VirtualLoop:
    return VirtualLoop(World(START_MS), Dice(seed, "loop"), after_step)


def test_an_hour_of_sleep_takes_no_time_and_shows_on_the_clock() -> None:
    loop = a_loop()
    clock = VirtualClock(loop.world)

    async def nap() -> int:
        await clock.sleep(3_600)
        return clock.now_ms()

    assert loop.drive(nap(), until_us=7_200 * SECOND)
    assert clock.now_ms() == START_MS + 3_600_000
    loop.close()


def test_a_skewed_clock_tells_another_time_and_sleeps_as_long() -> None:
    loop = a_loop()
    clock = VirtualClock(loop.world)
    clock.skew_ms = -90_000

    async def nap() -> None:
        await clock.sleep(10)

    loop.drive(nap(), until_us=60 * SECOND)
    assert loop.world.now_us == 10 * SECOND
    assert clock.now_ms() == START_MS + 10_000 - 90_000
    loop.close()


def orders(seed: int) -> tuple[list[str], list[int]]:
    loop = a_loop(seed)
    timers: list[str] = []
    soon: list[int] = []
    for name in "abcdefgh":
        loop.call_at(1.0, timers.append, name)
    for number in range(8):
        loop.call_soon(soon.append, number)
    loop.go_on(2 * SECOND)
    loop.close()
    return timers, soon


def test_timers_of_one_moment_come_in_an_order_of_the_seed_and_soon_means_in_turn() -> None:
    seen = {tuple(orders(seed)[0]) for seed in range(20)}
    assert len(seen) > 10
    assert orders(3) == orders(3)
    assert all(orders(seed)[1] == list(range(8)) for seed in range(20))


def test_an_abandoned_loop_runs_no_ending_and_warns_of_nothing() -> None:
    ended: list[str] = []

    async def stays() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            ended.append("finally")

    async def generates():
        try:
            while True:
                await asyncio.sleep(1)
                yield 1
        finally:
            ended.append("generator")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(stays())
        async for _ in generates():
            assert not task.done()

    loop = a_loop()
    assert not loop.drive(main(), until_us=5 * SECOND)
    assert len(loop.pending) == 2
    loop.abandon()
    gc.collect()
    assert ended == []
    loop.release()
    del loop
    gc.collect()
    assert "finally" in ended


def test_what_the_step_hook_raises_stops_the_drive_at_that_step() -> None:
    steps: list[int] = []

    def after() -> None:
        steps.append(loop.steps)
        if loop.steps == 4:
            raise ArithmeticError

    async def busy() -> None:
        while True:
            await asyncio.sleep(0)

    loop = a_loop(after_step=after)
    with pytest.raises(ArithmeticError):
        loop.drive(busy(), until_us=SECOND)
    assert steps == [1, 2, 3, 4]
    loop.abandon()
    loop.release()


def test_a_stalled_callback_finds_that_the_world_went_on() -> None:
    loop = a_loop()
    happened: list[int] = []
    loop.world.at(2 * SECOND, lambda: happened.append(loop.world.now_us))

    async def blocks() -> float:
        loop.stall(5_000)
        return loop.time()

    assert loop.drive(blocks(), until_us=60 * SECOND)
    assert happened == [2 * SECOND]
    assert loop.time() == 5.0
    loop.close()


def test_threads_and_sockets_are_refused() -> None:
    loop = a_loop()

    async def reaches_out() -> None:
        with pytest.raises(RealWorld):
            await asyncio.to_thread(print)
        with pytest.raises(RealWorld):
            await loop.create_connection(asyncio.Protocol, "localhost", 1)

    assert loop.drive(reaches_out(), until_us=SECOND)
    loop.close()


def test_a_loop_without_an_end_and_with_nothing_to_do_says_so() -> None:
    loop = a_loop()
    with pytest.raises(NothingLeft):
        loop.run_until_complete(asyncio.Event().wait())
    loop.abandon()
    loop.release()


def test_dice_give_one_by_one_what_they_give_at_once() -> None:
    one, many = Dice(7, "prices"), Dice(7, "prices")
    assert [one.unit() for _ in range(50)] == list(many.units(50))
    assert one.unit() == many.unit()
    assert Dice(7, "faults").word() != Dice(7, "prices").word()
    assert Dice(7, "faults").word() == 6_489_411_853_166_584_037  # on every machine, under every PYTHONHASHSEED
