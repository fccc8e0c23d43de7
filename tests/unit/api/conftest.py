from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.unit.api.fake_cockpit import FakeCockpit

from karat.api.app import create_app

TOKEN = "correct-horse"


@pytest.fixture
def cockpit() -> FakeCockpit:
    return FakeCockpit(bots=6)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A built page of two files."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Karat</title>" + " " * 2_000)
    (tmp_path / "assets" / "main-abc123.js").write_text("export {};")
    return tmp_path


@pytest.fixture
def stranger(cockpit: FakeCockpit, site: Path) -> Iterator[TestClient]:
    """A client without a token."""
    app = create_app(cockpit, TOKEN, site)
    with TestClient(app, base_url="http://127.0.0.1:8080", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client(stranger: TestClient) -> TestClient:
    """A client with the token."""
    stranger.headers["Authorization"] = f"Bearer {TOKEN}"
    return stranger
