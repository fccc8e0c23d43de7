"""The event stream: hello, events with the journal's ids, resumption, and an orderly end."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient
from tests.unit.api.conftest import TOKEN
from tests.unit.api.fake_cockpit import FakeCockpit

from karat.api.app import create_app
from karat.api.server import ApiServer, bind_socket
from karat.core.errors import InputError
from karat.core.ids import BotId
from karat.ports.cockpit import EventKind


def frames(text: str) -> list[dict[str, str]]:
    """The frames of a finished stream, comments left out."""
    blocks = [block for block in text.split("\n\n") if block]
    lines = [[line for line in block.split("\n") if not line.startswith(":")] for block in blocks]
    return [dict(line.split(": ", 1) for line in block) for block in lines if block]


def test_a_stream_opens_with_hello_and_then_only_news(client: TestClient, cockpit: FakeCockpit) -> None:
    cockpit.ended = True
    answer = client.get("/api/v1/stream")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    (hello,) = frames(answer.text)
    assert hello["event"] == "hello" and "id" not in hello
    assert json.loads(hello["data"])["last_event_id"] == 6


def test_a_client_resumes_where_it_left(client: TestClient, cockpit: FakeCockpit) -> None:
    cockpit.report(EventKind.ENTRY, "Long 0.084", BotId("01"))
    cockpit.ended = True
    _, *events = frames(client.get("/api/v1/stream", headers={"Last-Event-ID": "4"}).text)
    assert [frame["id"] for frame in events] == ["5", "6", "7"]
    newest = json.loads(events[-1]["data"])
    assert newest["kind"] == "entry" and newest["text"] == "Long 0.084" and newest["id"] == 7


def test_an_id_of_another_journal_means_the_newest(client: TestClient, cockpit: FakeCockpit) -> None:
    cockpit.ended = True
    assert len(frames(client.get("/api/v1/stream", headers={"Last-Event-ID": "4000"}).text)) == 1


@pytest.mark.parametrize("given", ["-1", "x", "1.5", "٣"])
def test_an_id_that_is_none_is_refused(client: TestClient, given: str) -> None:
    answer = client.get("/api/v1/stream", headers={"Last-Event-ID": given.encode()})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_event_id"


@contextmanager
def served(cockpit: FakeCockpit, site: Path) -> Iterator[tuple[str, ApiServer, threading.Thread]]:
    """The real server on a free port, in a thread."""
    listener = bind_socket("127.0.0.1", 0)
    server = ApiServer(create_app(cockpit, TOKEN, site), listener)
    thread = threading.Thread(target=lambda: asyncio.run(server.run_until_stopped()))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", server, thread
    finally:
        server.stop()
        thread.join(timeout=20)


def test_events_arrive_while_they_happen_and_a_shutdown_ends_the_stream(cockpit: FakeCockpit, site: Path) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with served(cockpit, site) as (url, server, thread), httpx2.Client(timeout=20) as browser:
        with browser.stream("GET", f"{url}/api/v1/stream", headers=headers) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: hello"
            cockpit.report(EventKind.EXIT, "Stop hit", BotId("02"))
            ids = (line for line in lines if line.startswith("id: "))
            assert next(ids) == "id: 7"
            server.stop()
            assert list(ids) == []
        thread.join(timeout=20)
        assert not thread.is_alive()


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=f"Port {port} is in use") as refusal:
            bind_socket("127.0.0.1", port)
    assert refusal.value.code == "port_in_use"
    assert "--port" in refusal.value.hint


@pytest.mark.parametrize(
    ("host", "port", "code"),
    [("0.0.0.0", 0, "not_loopback"), ("example.com", 0, "not_loopback"), ("127.0.0.1", 70_000, "bad_port")],
)
def test_only_loopback_and_real_ports_are_bound(host: str, port: int, code: str) -> None:
    with pytest.raises(InputError) as refusal:
        bind_socket(host, port)
    assert refusal.value.code == code
