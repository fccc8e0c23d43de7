"""Who is let in: the token, the Host header, and what a browser is told."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.unit.api.conftest import TOKEN

VIEWS = ("health", "fleet", "positions", "trades", "events", "refusals", "bots/01", "bots/01/equity", "stream")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_wants_the_token(stranger: TestClient, view: str) -> None:
    answer = stranger.get(f"/api/v1/{view}")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "unauthorized"
    assert "karat serve" in answer.json()["error"]["hint"]


@pytest.mark.parametrize(
    "header",
    [f"Bearer {TOKEN}x", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN, "Bearer tökén".encode().decode("latin-1")],
)
def test_a_wrong_token_is_refused(stranger: TestClient, header: str) -> None:
    answer = stranger.get("/api/v1/fleet", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401


def test_the_token_is_not_read_from_the_address(stranger: TestClient) -> None:
    assert stranger.get(f"/api/v1/fleet?token={TOKEN}").status_code == 401


def test_the_token_opens_the_views(client: TestClient) -> None:
    assert client.get("/api/v1/fleet").status_code == 200


def test_the_page_and_the_sign_of_life_are_open(stranger: TestClient) -> None:
    assert stranger.get("/").text.startswith("<!doctype html>")
    assert stranger.get("/healthz").json()["status"] == "ok"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", "[::2]"])
def test_a_foreign_host_is_refused_even_with_the_token(client: TestClient, host: str) -> None:
    answer = client.get("/api/v1/fleet", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.json()["error"]["code"] == "foreign_host"
    assert client.get("/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "LOCALHOST", "[::1]:8080"])
def test_loopback_names_are_served(client: TestClient, host: str) -> None:
    assert client.get("/api/v1/fleet", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/fleet", "/nowhere.txt"])
def test_every_answer_carries_the_security_headers(stranger: TestClient, path: str) -> None:
    headers = stranger.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Access-Control-Allow-Origin" not in headers
    assert len(headers["X-Request-Id"]) == 12


def test_answers_of_the_api_are_not_kept_by_the_browser(client: TestClient) -> None:
    assert client.get("/api/v1/fleet").headers["Cache-Control"] == "no-store"
    assert "immutable" in client.get("/assets/main-abc123.js").headers["Cache-Control"]
    assert client.get("/").headers["Cache-Control"] == "no-cache"
