"""Bots killed with SIGKILL at chosen moments and at any, on either store, equal their backtests, and double nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.chaos.fleet_killer import BY_TIME
from tests.chaos.kill_points import POINTS
from tests.postgres_server import PostgresServer, postgres

__all__ = ["postgres"]
KILLER = Path(__file__).with_name("fleet_killer.py")
ROOT = Path(__file__).resolve().parents[2]
STORES = ("file", "server")
DEATHS, LONG_DEATHS = 200, 500


def deaths_of(home: Path, seed: int, deaths: int, *url: str) -> Counter[str]:
    """What died how often."""
    environment = {**os.environ, "KARAT_HOME": str(home), "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, str(KILLER), str(home), str(seed), str(deaths), *url]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"again: {' '.join(command[1:5])}\n{ran.stderr}"
    return Counter(json.loads(ran.stdout)["deaths"])


def url_of(store: str, request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Of an empty journal on the server; nothing for a file."""
    if store == "file":
        return ()
    server: PostgresServer = request.getfixturevalue("postgres")
    return (server.new_database().render_as_string(hide_password=False),)


@pytest.mark.parametrize("store", STORES)
def test_two_hundred_deaths_half_of_them_on_either_store(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    found = deaths_of(tmp_path, 3, DEATHS // len(STORES), *url_of(store, request))
    assert found.total() >= DEATHS // len(STORES)
    assert len(found) > len(POINTS) // 2, "many kinds of death"


@pytest.mark.storm
@pytest.mark.parametrize("store", STORES)
def test_killed_five_hundred_times_on_either_store(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    found = deaths_of(tmp_path, 4, LONG_DEATHS, *url_of(store, request))
    assert found.total() >= LONG_DEATHS
    assert set(found) == {*POINTS, BY_TIME}, "every kind of death has been died"
