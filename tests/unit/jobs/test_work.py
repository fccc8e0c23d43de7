"""What a worker tells: progress, rate, time left, and how it ended."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.jobs.idle import IdleLauncher, desk_over
from tests.unit.lake.test_disk_full import room as room_of_bytes

from karat.app.console import WORDS
from karat.app.job_work import job, pace_words
from karat.bots.system_clock import SystemClock
from karat.core.errors import InputError, RetryLater
from karat.jobs.pace import WINDOW_SECONDS, Pace
from karat.jobs.room import JobRoom
from karat.jobs.work import WRITES_A_SECOND, Work
from karat.ports.cockpit import Undefined
from karat.ports.jobs import JobState, JobView


class HandClock:
    """Seconds that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def only_job() -> JobView:
    (found,) = JobRoom(SystemClock()).views()
    return found


def test_a_rate_is_of_the_last_while_so_parts_that_were_kept_soon_count_no_more() -> None:
    pace = Pace(0.0)
    assert isinstance(pace.rate(), Undefined)
    pace.tell(1.0, 5_000)  # kept parts: all at once
    assert pace.rate() == 5_000
    for second in range(2, 62):
        pace.tell(float(second), 5_000 + 10 * (second - 1))
    assert pace.rate() == pytest.approx(10.0)
    assert pace.left_seconds(5_600 + 400) == pytest.approx(40.0)


def test_no_rate_no_time_left() -> None:
    pace = Pace(0.0)
    assert isinstance(pace.left_seconds(10), Undefined)
    pace.tell(5.0, 0)
    assert pace.left_seconds(10) == Undefined("nothing was done for a while")
    assert pace.left_seconds(Undefined("not told yet")) == Undefined("not told yet")


@given(st.lists(st.tuples(st.floats(0.0, 60.0), st.integers(0, 10**9)), max_size=60))
def test_a_rate_is_never_negative_and_its_window_is_bounded(steps: list[tuple[float, int]]) -> None:
    pace, now, done = Pace(0.0), 0.0, 0
    for pause, more in steps:
        now, done = now + pause, done + more
        pace.tell(now, done)
    rate = pace.rate()
    assert isinstance(rate, Undefined) or 0 <= rate <= done / 0.5
    assert len(pace._told) <= 2 * WINDOW_SECONDS / 0.15


def test_progress_is_written_a_few_times_a_second_and_whole_at_the_end() -> None:
    room, clock = JobRoom(SystemClock()), HandClock()
    folder = room.own("sweep", ("a",))
    seen: list[int] = []
    work = Work(folder, SystemClock(), lambda told: seen.append(told.done), clock)
    for done in range(1, 1_001):
        clock.now = 100.0 + done / 1_000
        work.progress(done, 1_000, unit="variants")
    assert len(seen) <= WRITES_A_SECOND + 2, "a thousand tellings in a second"
    work.flush()
    told = only_job().progress
    assert (told.done, told.of, told.unit) == (1_000, 1_000, "variants")
    assert told.rate == pytest.approx(1_000, rel=0.01) and told.left_seconds == 0


def test_a_stage_has_a_count_of_its_own() -> None:
    work = Work(JobRoom(SystemClock()).own("prove", ()), SystemClock())
    work.progress(9, 10, unit="markets", stage="tournament")
    work.progress(1, stage="sweep")
    told = only_job().progress
    assert (told.stage, told.done, told.unit) == ("sweep", 1, "markets")
    assert told.of == Undefined("not told yet")
    assert pace_words(told) == "sweep, 1 markets"


def test_a_full_disk_refuses_the_start_and_does_not_stop_the_work() -> None:
    room = JobRoom(SystemClock())
    with pytest.raises(RetryLater) as caught, room_of_bytes(50):
        room.own("sweep", ("a",))
    assert caught.value.code == "disk_full" and len(str(caught.value).splitlines()) == 1
    assert [one.name for one in room.root.iterdir()] == ["room.lock"]
    with IdleLauncher() as launcher:
        desk, _ = desk_over(launcher)
        with pytest.raises(RetryLater), room_of_bytes(50):
            desk.start("sweep", ("a",))
        assert launcher.children == {}
    work = Work(room.own("sweep", ("a",)), SystemClock())
    work.progress(1, 10)
    with room_of_bytes(50):
        work.progress(2, 10)
        work.flush()
    assert only_job().progress.done == 1
    work.flush()
    assert only_job().progress.done == 2


def run(error: BaseException | None) -> None:
    token = WORDS.set(("sweep", "a"))
    try:
        with job("sweep", "a sweep", "variants") as work:
            work.advance(7, 10)
            if error is not None:
                raise error
            work.result("abc")
    finally:
        WORDS.reset(token)


def test_a_command_is_a_job_while_it_runs_and_after_it() -> None:
    run(None)
    found = only_job()
    assert (found.kind, found.arguments, found.state, found.exit_code) == ("sweep", ("a",), JobState.FINISHED, 0)
    assert (found.result, found.progress.done, found.progress.of) == ("abc", 7, 10)
    assert found.progress.rate == Undefined("it is finished")


@pytest.mark.parametrize(
    ("error", "state", "exit_code", "code"),
    [
        (InputError("empty_grid", "The grid is empty.", "Give it values."), JobState.FAILED, 2, "empty_grid"),
        (ZeroDivisionError("secret figures"), JobState.FAILED, 1, "internal"),
        (KeyboardInterrupt(), JobState.CANCELLED, 130, None),
    ],
)
def test_how_a_command_ended_is_kept(error: BaseException, state: JobState, exit_code: int, code: str | None) -> None:
    with pytest.raises(type(error)):
        run(error)
    found = only_job()
    assert (found.state, found.exit_code, found.error and found.error.code) == (state, exit_code, code)
    assert found.error is None or "secret" not in found.error.message
    run(None)
    again = only_job()
    assert (again.id, again.attempt, again.state) == (found.id, 2, JobState.FINISHED)


def test_a_machine_that_shuts_down_interrupts_and_nobody_cancelled() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), job("sweep", "a sweep") as work:
        work.progress(1)
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
    assert only_job().state is JobState.INTERRUPTED
    assert signal.getsignal(signal.SIGTERM) is before
