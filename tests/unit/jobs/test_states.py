"""How jobs go from state to state, whoever dies in between."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.unit.jobs.idle import STUBBORN, IdleLauncher, desk_over

from karat.control.job_desk import ARGUMENTS_MAX
from karat.core.errors import KaratError, NeedsOperator
from karat.jobs import room as room_module
from karat.jobs.processes import Process, await_end, is_alive, tell, this_process
from karat.ports.jobs import JobState


@pytest.fixture
def launcher() -> Iterator[IdleLauncher]:
    with IdleLauncher() as one:
        yield one


def code_of(work) -> str:
    with pytest.raises(KaratError) as caught:
        work()
    return caught.value.code


def test_one_runs_the_next_waits_and_starts_when_there_is_room(launcher: IdleLauncher) -> None:
    desk, _ = desk_over(launcher)
    first, second, third = (desk.start("sweep", (name,)) for name in "abc")
    assert [one.state for one in (first, second, third)] == [JobState.RUNNING, JobState.WAITING, JobState.WAITING]
    assert desk.cancel(second.id).state is JobState.CANCELLED, "what waits ends at once"
    launcher.kill(first.id)
    assert desk.job(first.id).job.state is JobState.INTERRUPTED
    desk.start_waiting()
    assert {one.arguments: one.state for one in desk.jobs()} == {
        ("a",): JobState.INTERRUPTED, ("b",): JobState.CANCELLED, ("c",): JobState.RUNNING
    }  # fmt: skip


def test_as_many_run_as_are_let(launcher: IdleLauncher) -> None:
    desk, _ = desk_over(launcher, at_once=2)
    states = [desk.start("sweep", (name,)).state for name in "abc"]
    assert states == [JobState.RUNNING, JobState.RUNNING, JobState.WAITING]


def test_an_interrupted_job_is_resumed_as_its_next_attempt_and_a_finished_one_is_not(launcher: IdleLauncher) -> None:
    desk, room = desk_over(launcher)
    job = desk.start("sweep", ("a",)).id
    assert code_of(lambda: desk.resume(job)) == "job_busy"
    launcher.kill(job)
    again = desk.resume(job)
    assert (again.id, again.attempt, again.state) == (job, 2, JobState.RUNNING)
    launcher.kill(job)
    folder = room.folder(job)
    folder.write_standing(replace(folder.standing(), state=JobState.FINISHED))
    assert code_of(lambda: desk.resume(job)) == "job_finished"
    assert code_of(lambda: desk.cancel(job)) == "job_over"


def test_a_process_that_got_the_number_of_a_dead_worker_is_never_taken_for_it(launcher: IdleLauncher) -> None:
    desk, room = desk_over(launcher)
    folder = room.folder(desk.start("sweep", ("a",)).id)
    stranger = Process(os.getpid(), "another birth")
    folder.write_standing(replace(folder.standing(), worker=stranger))
    assert desk.job(folder.id).job.state is JobState.INTERRUPTED
    assert not is_alive(stranger) and is_alive(this_process())
    tell(stranger, signal.SIGKILL)  # or this test would end here
    assert await_end(stranger, 0.0)


def test_a_child_that_does_not_listen_is_killed() -> None:
    with IdleLauncher(STUBBORN) as launcher:
        desk, _ = desk_over(launcher, patience=0.05)
        job = desk.start("sweep", ("a",)).id
        assert desk.cancel(job).state is JobState.CANCELLED
        assert launcher.children[job].wait() == -signal.SIGKILL


def test_who_claims_a_job_whose_worker_lives_is_refused(launcher: IdleLauncher) -> None:
    desk, room = desk_over(launcher)
    job = desk.start("sweep", ("a",)).id
    assert code_of(lambda: room.claimed(job)) == "job_busy"
    launcher.kill(job)
    assert room.claimed(job).standing().worker == this_process()
    assert room.claimed(job).id == job, "what it has it keeps"


def test_the_same_work_is_not_started_twice(launcher: IdleLauncher) -> None:
    desk, room = desk_over(launcher)
    job = desk.start("sweep", ("a",)).id
    assert code_of(lambda: desk.start("sweep", ("a",))) == "job_busy"
    assert code_of(lambda: room.own("sweep", ("a",))) == "job_busy"
    assert desk.start("prove", ("a",)).state is JobState.WAITING, "another kind is other work"
    launcher.kill(job)
    assert room.own("sweep", ("a",)).id == job, "in a terminal the same command goes on with the same job"


@pytest.mark.parametrize(
    ("kind", "arguments", "code"),
    [
        ("rm", ("-rf",), "bad_job"),
        ("sweep; rm", (), "bad_job"),
        ("sweep", ("a\0b",), "bad_job"),
        ("sweep", ("a",) * (ARGUMENTS_MAX + 1), "bad_job"),
        ("sweep", ("a" * 10_001,), "bad_job"),
        ("sweep", ("wrong",), "bad_command"),
    ],
)
def test_what_is_no_job_is_refused_and_leaves_nothing(launcher: IdleLauncher, kind, arguments, code) -> None:
    desk, room = desk_over(launcher)
    assert code_of(lambda: desk.start(kind, arguments)) == code
    assert not room.root.exists()


@pytest.mark.parametrize("name", ["0123456789ab", "..", "x", "last", ""])
def test_a_job_that_is_not_there_is_said_so(launcher: IdleLauncher, name: str) -> None:
    desk, _ = desk_over(launcher)
    for work in (desk.job, desk.cancel, desk.resume):
        assert code_of(lambda work=work: work(name)) == "unknown_job"


def test_what_waits_and_what_is_remembered_is_bounded(launcher: IdleLauncher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_module, "WAITING_MAX", 2)
    monkeypatch.setattr(room_module, "KEPT_MAX", 2)
    desk, _ = desk_over(launcher)
    jobs = [desk.start("sweep", (name,)).id for name in "abc"]
    assert code_of(lambda: desk.start("sweep", ("d",))) == "too_many_jobs"
    for job in reversed(jobs):
        desk.cancel(job)
    newest = desk.start("sweep", ("e",)).id
    assert {one.id for one in desk.jobs()} == {newest, *jobs[1:]}


def test_a_damaged_job_hides_no_other_and_is_told_of(launcher: IdleLauncher) -> None:
    desk, room = desk_over(launcher, at_once=2)
    sound, damaged = (desk.start("sweep", (name,)).id for name in "ab")
    (room.root / damaged / "state.json").write_text("{")
    assert [one.id for one in desk.jobs()] == [sound]
    with pytest.raises(NeedsOperator) as caught:
        desk.job(damaged)
    assert caught.value.code == "job_damaged"
