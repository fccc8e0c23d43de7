"""The budget of requests: one line per host, for everything of one home."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.fakes.clock import JumpingClock

from karat.core.errors import RetryLater
from karat.ingest.budget import BURST_MS, PATIENCE_MS, FolderBudget

NOW_MS = 1_700_000_000_000


def spend(budget: FolderBudget, host: str, times: int, cost_ms: float = 500) -> None:
    async def all_of_them() -> None:
        for _ in range(times):
            await budget.spend(host, cost_ms)

    asyncio.run(all_of_them())


def waited_ms(clock: JumpingClock) -> int:
    return clock.now_ms() - NOW_MS


def test_requests_leave_a_host_the_time_they_cost(tmp_path: Path) -> None:
    clock = JumpingClock(NOW_MS)
    spend(FolderBudget(tmp_path, clock), "api.example.com", 10)
    assert waited_ms(clock) == 9 * 500 - BURST_MS


def test_hosts_do_not_wait_for_each_other(tmp_path: Path) -> None:
    clock = JumpingClock(NOW_MS)
    budget = FolderBudget(tmp_path, clock)
    spend(budget, "a.example.com", 2)
    spend(budget, "b.example.com", 2)
    assert waited_ms(clock) == 0


def test_two_users_of_one_folder_share_the_line(tmp_path: Path) -> None:
    clock = JumpingClock(NOW_MS)
    spend(FolderBudget(tmp_path, clock), "api.example.com", 5)
    spend(FolderBudget(tmp_path, clock), "api.example.com", 5)
    assert waited_ms(clock) == 9 * 500 - BURST_MS


def test_a_hold_by_one_holds_everybody(tmp_path: Path) -> None:
    clock = JumpingClock(NOW_MS)
    FolderBudget(tmp_path, clock).hold("api.example.com", 30)
    spend(FolderBudget(tmp_path, clock), "api.example.com", 1)
    assert waited_ms(clock) == 30_000


def test_a_shorter_hold_does_not_end_a_longer_one(tmp_path: Path) -> None:
    clock = JumpingClock(NOW_MS)
    budget = FolderBudget(tmp_path, clock)
    budget.hold("api.example.com", 30)
    budget.hold("api.example.com", 1)
    spend(budget, "api.example.com", 1)
    assert waited_ms(clock) == 30_000


def test_those_who_waited_already_keep_to_a_hold_that_comes(tmp_path: Path) -> None:
    class HoldingClock(JumpingClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if len(self.slept) == 1:
                FolderBudget(tmp_path, self).hold("api.example.com", 60)

    clock = HoldingClock(NOW_MS)
    spend(FolderBudget(tmp_path, clock), "api.example.com", 4)
    assert waited_ms(clock) >= 60_000


def test_nobody_waits_for_a_ban_of_hours(tmp_path: Path) -> None:
    budget = FolderBudget(tmp_path, JumpingClock(NOW_MS))
    budget.hold("api.example.com", PATIENCE_MS / 1000 + 1)
    with pytest.raises(RetryLater) as caught:
        spend(budget, "api.example.com", 1)
    assert caught.value.code == "host_on_hold"


@pytest.mark.parametrize("turned_seconds", [-86_400, 86_400])
def test_a_clock_that_jumps_leaves_nobody_waiting(tmp_path: Path, turned_seconds: int) -> None:
    clock = JumpingClock(NOW_MS)
    budget = FolderBudget(tmp_path, clock)
    spend(budget, "api.example.com", 10)
    clock.turn(turned_seconds)
    before = clock.now_ms()
    spend(budget, "api.example.com", 1)
    assert clock.now_ms() - before <= 0


def test_a_file_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    clock = JumpingClock(NOW_MS)
    (tmp_path / "api.example.com").write_bytes(b"torn")
    spend(FolderBudget(tmp_path, clock), "api.example.com", 1)
    assert waited_ms(clock) == 0
