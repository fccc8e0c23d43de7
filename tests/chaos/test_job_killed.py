"""Jobs are real processes: killed or cancelled anywhere, they are told apart, resumed, and end with the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from tests.chaos.sweeping import SECONDS_MAX, begin, filled
from tests.chaos.working import SMALL, desk_of, ended, eventually, kept, large

from karat.core.errors import RetryLater
from karat.ports.jobs import JobState
from karat.research.ledger.account import accounts
from karat.research.ledger.trials import TrialLedger

LARGE = large()
VARIANTS = 120_000


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which nobody ended the large sweep."""
    home = filled(tmp_path_factory.mktemp("whole"))
    out, err = begin(home, ("sweep", *LARGE)).communicate(timeout=SECONDS_MAX)
    assert out, err
    return home


@pytest.fixture(scope="module")
def whole(swept: Path) -> dict[str, bytes]:
    """What that sweep keeps."""
    return kept(swept)


def parts(home: Path) -> list[Path]:
    return list(home.glob("sweeps/*/parts/*.parquet"))


@pytest.fixture
def market(home: Path, swept: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of this test, which its children share, with a market in its lake and its strategy checked.

    Children have the usual priority: other tests use every core, and idle ones would wait for the last of them.
    """
    monkeypatch.setenv("KARAT_JOBS_PRIORITY", "usual")
    for name in ("lake", "checks"):
        shutil.copytree(swept / name, home / name)
    return home


def test_a_child_that_is_killed_is_interrupted_and_resumes_to_the_same_bytes(market: Path, whole) -> None:
    desk, room = desk_of(market)
    job = desk.start("sweep", LARGE).id
    eventually(lambda: parts(market))
    worker = room.folder(job).standing().worker
    assert worker is not None
    os.kill(worker.pid, signal.SIGKILL)
    ended(room, job)
    found = desk.job(job).job
    assert (found.state, found.ended_ts, found.exit_code) == (JobState.INTERRUPTED, None, None)
    assert 0 < found.progress.done < VARIANTS
    assert TrialLedger(market).lines() == (), "nothing was shown, nothing counted"
    assert (desk.resume(job).state, desk.job(job).job.attempt) == (JobState.RUNNING, 2)
    ended(room, job)
    found = desk.job(job).job
    assert (found.state, found.exit_code, found.progress.done, found.error) == (JobState.FINISHED, 0, VARIANTS, None)
    assert market.joinpath("sweeps", str(found.result)).is_dir()
    assert kept(market) == whole
    (account,) = accounts(TrialLedger(market).lines())
    assert account.trials == VARIANTS


def test_a_child_that_is_cancelled_keeps_what_it_did_and_resumes_to_the_same_bytes(market: Path, whole) -> None:
    desk, room = desk_of(market)
    job = desk.start("sweep", LARGE).id
    eventually(lambda: parts(market))
    found = desk.cancel(job)
    assert (found.state, found.exit_code) == (JobState.CANCELLED, 130)
    assert len(parts(market)) >= 1 and not list(market.glob("sweeps/*/result.json"))
    desk.resume(job)
    ended(room, job)
    assert desk.job(job).job.state is JobState.FINISHED
    assert kept(market) == whole


def test_a_command_in_a_terminal_is_a_job_that_another_process_sees_and_cancels(market: Path, whole) -> None:
    running = begin(market, ("sweep", *LARGE))
    eventually(lambda: parts(market))
    desk, _ = desk_of(market)
    (found,) = desk.jobs()
    assert (found.state, found.arguments, found.detached) == (JobState.RUNNING, LARGE, False)
    assert found.progress.of == VARIANTS and found.progress.unit == "variants" and found.progress.done > 0
    with pytest.raises(RetryLater) as caught:
        desk.start("sweep", LARGE)
    assert caught.value.code == "job_busy", "the same work twice at once is never wanted"
    assert desk.cancel(found.id).state is JobState.CANCELLED
    out, _ = running.communicate(timeout=SECONDS_MAX)
    assert (running.returncode, out) == (130, "")
    out, err = begin(market, ("sweep", *LARGE)).communicate(timeout=SECONDS_MAX)
    assert out, err
    (again,) = desk.jobs()
    assert (again.id, again.attempt, again.state) == (found.id, 2, JobState.FINISHED), "the same command, the same job"
    assert kept(market) == whole


def test_a_child_runs_at_the_lowest_priority_in_a_session_of_its_own_without_secrets(
    market: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COINGLASS_API_KEY", "sesame")
    monkeypatch.delenv("KARAT_JOBS_PRIORITY")
    desk, room = desk_of(market)
    job = desk.start("sweep", large(800)).id
    eventually(lambda: desk.job(job).job.progress.done)
    worker = room.folder(job).standing().worker
    assert worker is not None
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) == 19 > os.getpriority(os.PRIO_PROCESS, 0)
    if sys.platform == "linux":
        assert os.sched_getscheduler(worker.pid) == os.SCHED_IDLE
        assert Path(f"/proc/{worker.pid}/fd/0").readlink() == Path(os.devnull)
        assert b"sesame" not in Path(f"/proc/{worker.pid}/environ").read_bytes()
    assert os.getsid(worker.pid) == worker.pid
    assert room.folder(job).output.stat().st_mode & 0o077 == 0
    desk.cancel(job)


def test_what_waits_is_started_by_the_end_of_what_runs(market: Path) -> None:
    desk, room = desk_of(market)
    first, second = desk.start("sweep", SMALL), desk.start("sweep", (*SMALL, "--seed", "1"))
    assert (first.state, second.state) == (JobState.RUNNING, JobState.WAITING)
    other, _ = desk_of(market)
    assert [one.id for one in other.jobs()] == [second.id, first.id], "another process sees the same"
    ended(room, first.id)
    assert desk.job(second.id).job.state is not JobState.WAITING, "its worker started it before it ended"
    ended(room, second.id)
    assert [one.state for one in desk.jobs()] == [JobState.FINISHED, JobState.FINISHED]


def test_who_started_a_job_may_die_and_two_others_may_look_at_once(market: Path) -> None:
    starter = begin(market, ("serve", "--port", "0"))
    assert starter.stdout is not None
    base, _, token = starter.stdout.readline().strip().partition("/#token=")
    body = json.dumps({"kind": "sweep", "arguments": SMALL}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(f"{base}/api/v1/jobs", body, headers), timeout=SECONDS_MAX) as answer:
        job = json.load(answer)
    assert job["state"] == "running"
    starter.kill()
    starter.communicate()
    desk, room = desk_of(market)
    ended(room, job["id"])
    assert desk.job(job["id"]).job.state is JobState.FINISHED, "it outlives the server that started it"
    looks = [begin(market, ("jobs", "--json")) for _ in range(2)]
    told = [look.communicate(timeout=SECONDS_MAX)[0] for look in looks]
    assert told[0] == told[1] and '"finished"' in told[0]


def test_a_job_that_fails_says_why_as_its_command_would(market: Path) -> None:
    desk, room = desk_of(market)
    job = desk.start("sweep", ("buy_and_hold", "--market", "demo:NOSUCH", "--timeframe", "1h")).id
    ended(room, job)
    found = desk.job(job)
    assert found.job.error is not None
    assert (found.job.state, found.job.exit_code, found.job.error.code) == (JobState.FAILED, 2, "market_not_in_lake")
    assert any("demo:NOSUCH" in line for line in found.output)
