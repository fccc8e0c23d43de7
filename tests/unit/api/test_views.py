"""What the views look like on the wire, and how requests fail."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.unit.api.conftest import TOKEN
from tests.unit.api.fake_cockpit import FakeCockpit

from karat.api.app import create_app
from karat.core.errors import NeedsOperator, RetryLater
from karat.core.ids import BotId
from karat.ports.cockpit import FleetView, Undefined

ANSWERS = {"Authorization": f"Bearer {TOKEN}"}


def test_the_fleet_tells_bots_and_sums_per_book(client: TestClient, cockpit: FakeCockpit) -> None:
    fleet = client.get("/api/v1/fleet").json()
    assert fleet["data_label"] == "Simulated data"
    assert fleet["clock_ts"] == cockpit.clock_ts
    assert [bot["id"] for bot in fleet["bots"]] == ["01", "02", "03", "04", "05", "06"]
    assert {bot["verdict"] for bot in fleet["bots"]} == {"not proven"}
    (total,) = fleet["totals"]
    assert total["book"] == {"mode": "simulated", "currency": "USDT"}
    assert total["equity"] == pytest.approx(sum(bot["equity"] for bot in fleet["bots"]))


def test_a_figure_that_does_not_exist_says_why(client: TestClient) -> None:
    first = client.get("/api/v1/positions").json()[0]
    assert first["stop_price"] is None
    assert first["r"] == {"undefined": "no stop"}
    assert first["stop_distance"] == {"undefined": "no stop"}


def test_codes_travel_as_names(client: TestClient) -> None:
    reasons = {trade["reason"] for trade in client.get("/api/v1/trades?limit=100").json()}
    assert reasons <= {"signal", "stop", "take", "trail", "time"}
    refused = client.get("/api/v1/refusals").json()["refused"]
    assert refused[0] == {"reason": "confidence", "count": 24}


def test_trades_are_paged_backwards_without_overlap(client: TestClient) -> None:
    newest = client.get("/api/v1/trades?limit=50").json()
    older = client.get(f"/api/v1/trades?limit=50&before={newest[-1]['sequence']}").json()
    assert [trade["sequence"] for trade in newest + older] == list(range(120, 20, -1))


def test_a_bot_is_opened_with_its_own_lists(client: TestClient) -> None:
    detail = client.get("/api/v1/bots/02").json()
    assert detail["row"]["id"] == "02" and detail["position"]["bot"] == "02"
    assert {trade["bot"] for trade in client.get("/api/v1/trades?bot=02").json()} == {"02"}
    assert {event["bot"] for event in client.get("/api/v1/events?bot=02").json()} == {"02"}
    assert client.get("/api/v1/refusals?bot=02").json()["decisions"] == 28


def test_equity_comes_per_bot_and_per_book(client: TestClient) -> None:
    day = client.get("/api/v1/bots/02/equity?range=1d").json()
    assert len(day["ts"]) == len(day["value"]) == len(day["drawdown"]) == 24
    book = client.get("/api/v1/equity?mode=simulated&currency=USDT&range=7d").json()
    assert len(book["ts"]) == 168 and max(book["drawdown"]) <= 0


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("bots/99", 404, "unknown_bot"),
        ("bots/99/equity", 404, "unknown_bot"),
        ("trades?bot=99", 404, "unknown_bot"),
        ("equity?mode=paper&currency=USDT", 404, "unknown_book"),
        ("equity?mode=dream&currency=USDT", 422, "bad_request"),
        ("equity?currency=USDT", 422, "bad_request"),
        ("bots/01/equity?range=5y", 422, "bad_request"),
        ("trades?limit=0", 422, "bad_request"),
        ("trades?limit=501", 422, "bad_request"),
        ("nothing", 404, "not_found"),
    ],
)
def test_a_request_that_cannot_be_met_says_why(client: TestClient, path: str, status: int, code: str) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "hint"}
    assert error["code"] == code and error["message"]


def test_the_api_only_reads(client: TestClient) -> None:
    answer = client.post("/api/v1/fleet")
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "refused"


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (RetryLater("journal_busy", "The journal is busy."), 503, "journal_busy"),
        (NeedsOperator("journal_damaged", "The journal is damaged."), 409, "journal_damaged"),
        (RuntimeError("secret path"), 500, "internal"),
    ],
)
def test_failures_inside_keep_the_shape_and_leak_nothing(
    tmp_path: Path, failure: Exception, status: int, code: str
) -> None:
    class Failing(FakeCockpit):
        def fleet(self) -> FleetView:
            raise failure

    app = create_app(Failing(bots=1), TOKEN, tmp_path)
    client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False, headers=ANSWERS)
    answer = client.get("/api/v1/fleet")
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert "secret" not in answer.text


@pytest.mark.parametrize("figure", [math.nan, math.inf])
def test_a_figure_that_is_not_finite_never_leaves(tmp_path: Path, figure: float) -> None:
    class Broken(FakeCockpit):
        def fleet(self) -> FleetView:
            view = super().fleet()
            return replace(view, bots=(replace(view.bots[0], equity=figure),))

    app = create_app(Broken(bots=1), TOKEN, tmp_path)
    client = TestClient(app, base_url="http://localhost", raise_server_exceptions=False, headers=ANSWERS)
    assert client.get("/api/v1/fleet").status_code == 500


def test_an_undefined_sum_is_told(tmp_path: Path) -> None:
    class Young(FakeCockpit):
        def fleet(self) -> FleetView:
            view = super().fleet()
            totals = replace(view.totals[0], equity=Undefined("no bar yet"))
            return replace(view, totals=(totals,))

    client = TestClient(create_app(Young(bots=1), TOKEN, tmp_path), base_url="http://localhost", headers=ANSWERS)
    assert client.get("/api/v1/fleet").json()["totals"][0]["equity"] == {"undefined": "no bar yet"}


def test_an_empty_fleet_is_an_answer(tmp_path: Path) -> None:
    app = create_app(FakeCockpit(bots=0), TOKEN, tmp_path)
    client = TestClient(app, base_url="http://localhost", headers=ANSWERS)
    assert client.get("/api/v1/fleet").json() == {
        "clock_ts": None,
        "data_label": "Simulated data",
        "bots": [],
        "totals": [],
    }
    assert client.get("/api/v1/positions").json() == []


def test_long_answers_are_compressed(client: TestClient) -> None:
    series = client.get(f"/api/v1/bots/{BotId('01')}/equity", headers={"Accept-Encoding": "gzip"})
    assert series.headers["Content-Encoding"] == "gzip"


def test_places_within_the_page_are_served_by_the_page(client: TestClient) -> None:
    assert client.get("/bots/07").text == client.get("/").text
    assert client.get("/missing.js").status_code == 404
    assert client.get("/..%2f..%2fetc%2fpasswd").text == client.get("/").text
    assert client.get("/..%2fsecret.txt").status_code == 404


def test_a_page_that_was_not_built_says_how(tmp_path: Path) -> None:
    client = TestClient(create_app(FakeCockpit(bots=1), TOKEN, tmp_path / "none"), base_url="http://localhost")
    answer = client.get("/")
    assert answer.status_code == 503
    assert "scripts/build_web.sh" in answer.json()["error"]["hint"]
