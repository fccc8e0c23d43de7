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
DEATHS, STORM_DEATHS = 11, 200


def deaths_of(home: Path, seed: int, deaths: int, *url: str) -> Counter[str]:
    """What died how often."""
    environment = {**os.environ, "KARAT_HOME": str(home), "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, str(KILLER), str(home), str(seed), str(deaths), *url]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"again: {' '.join(command[1:5])}\n{ran.stderr}"
    return Counter(json.loads(ran.stdout)["deaths"])


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again_on_a_file(seed: int, tmp_path: Path) -> None:
    assert deaths_of(tmp_path, seed, DEATHS).total() >= DEATHS


def test_killed_again_and_again_on_a_server(tmp_path: Path, postgres: PostgresServer) -> None:
    url = postgres.new_database().render_as_string(hide_password=False)
    assert deaths_of(tmp_path, 3, DEATHS, url).total() >= DEATHS


@pytest.mark.storm
@pytest.mark.parametrize("store", ["file", "server"])
def test_killed_two_hundred_times(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url: tuple[str, ...] = ()
    if store == "server":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = (server.new_database().render_as_string(hide_password=False),)
    found = deaths_of(tmp_path, 4, STORM_DEATHS, *url)
    assert found.total() >= STORM_DEATHS
    assert set(found) == {*POINTS, BY_TIME}, "every kind of death has been died"
