"""Jobs over the wire: the same commands as the command line has, over real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.unit.api.conftest import TOKEN
from tests.unit.api.fake_cockpit import FakeCockpit
from tests.unit.jobs.idle import IdleLauncher, desk_over

from karat.api.app import create_app


@pytest.fixture
def launcher() -> Iterator[IdleLauncher]:
    with IdleLauncher() as one:
        yield one


@pytest.fixture
def jobs(launcher: IdleLauncher, cockpit: FakeCockpit, site: Path) -> Iterator[TestClient]:
    desk, _ = desk_over(launcher)
    app = create_app(cockpit, TOKEN, site, jobs=desk)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with TestClient(app, base_url="http://127.0.0.1:8080", headers=headers) as client:
        yield client


def started(jobs: TestClient, *arguments: str) -> dict:
    answer = jobs.post("/api/v1/jobs", json={"kind": "sweep", "arguments": arguments})
    assert answer.status_code == 201
    return answer.json()


def test_a_job_is_started_listed_cancelled_and_resumed(jobs: TestClient, launcher: IdleLauncher) -> None:
    first, second = started(jobs, "a", "--market", "m"), started(jobs, "b")
    assert (first["state"], second["state"]) == ("running", "waiting")
    assert first["arguments"] == ["a", "--market", "m"]
    assert first["progress"]["of"] == {"undefined": "not told yet"}
    assert [one["id"] for one in jobs.get("/api/v1/jobs").json()] == [second["id"], first["id"]]
    cancelled = jobs.post(f"/api/v1/jobs/{first['id']}/cancel").json()
    assert (cancelled["state"], cancelled["error"]) == ("cancelled", None)
    assert launcher.children[first["id"]].wait() != 0
    assert jobs.get(f"/api/v1/jobs/{second['id']}").json()["job"]["state"] == "running", "its turn has come"
    resumed = jobs.post(f"/api/v1/jobs/{first['id']}/resume").json()
    assert (resumed["state"], resumed["attempt"]) == ("waiting", 2)


def test_what_a_job_printed_is_shown(jobs: TestClient, home: Path) -> None:
    job = started(jobs, "a")["id"]
    (home / "jobs" / job / "output.log").write_text("".join(f"line {number}\n" for number in range(500)))
    assert jobs.get(f"/api/v1/jobs/{job}").json()["output"][-1] == "line 499"
    assert len(jobs.get(f"/api/v1/jobs/{job}").json()["output"]) == 100


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "rm", "arguments": []}, 400, "bad_job"),
        ({"kind": "sweep", "arguments": ["wrong"]}, 400, "bad_command"),
        ({"kind": "sweep", "arguments": "a b"}, 422, "bad_request"),
        ({"kind": "sweep"}, 422, "bad_request"),
        ({"kind": "sweep", "arguments": [], "nice": 0}, 422, "bad_request"),
    ],
)
def test_what_is_no_job_is_refused(jobs: TestClient, home: Path, body: dict, status: int, code: str) -> None:
    answer = jobs.post("/api/v1/jobs", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert not (home / "jobs").exists()


def test_failures_have_a_status_that_fits(jobs: TestClient) -> None:
    for path in ("jobs/0123456789ab/cancel", "jobs/0123456789ab/resume", "jobs/../token/cancel"):
        assert jobs.post(f"/api/v1/{path}").status_code in (404, 405)
    job = started(jobs, "a")["id"]
    busy = jobs.post("/api/v1/jobs", json={"kind": "sweep", "arguments": ["a"]})
    assert (busy.status_code, busy.json()["error"]["code"]) == (503, "job_busy")
    jobs.post(f"/api/v1/jobs/{job}/cancel")
    assert jobs.post(f"/api/v1/jobs/{job}/cancel").status_code == 400


@pytest.mark.parametrize("path", ["jobs", "jobs/last/cancel", "jobs/last/resume"])
def test_nothing_is_done_without_the_token_or_for_a_foreign_host(jobs: TestClient, home: Path, path: str) -> None:
    body = {"kind": "sweep", "arguments": ["a"]}
    assert jobs.post(f"/api/v1/{path}", json=body, headers={"Authorization": "Bearer guess"}).status_code == 401
    assert jobs.post(f"/api/v1/{path}", json=body, headers={"Host": "evil.example"}).status_code == 421
    assert not (home / "jobs").exists()


def test_a_server_without_jobs_says_so(client: TestClient) -> None:
    answer = client.get("/api/v1/jobs")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "no_jobs")
