"""A cluster that is lost for good in the middle: a clear error, and the sweep goes on without it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.chaos.sweeping import MARKET, SECONDS_MAX, begin, filled

SWEEP = (
    "sweep", "ema_crossover", "--market", MARKET, "--timeframe", "1h", "--json", "--top", "3", "--by", "sharpe",
    "--policy", "stop_mode=fraction", "take_mode=fraction", "--policy-grid", "stop_value=0.0005..0.25..0.0005",
    "take_value=0.0005..0.25..0.0005",
)  # fmt: skip
ALONE = {
    "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "of-this-test", "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_CLIENT_RECONNECT_GRACE_PERIOD": "1",
}  # fmt: skip


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[psutil.Process]]]:
    """The address of a cluster of two workers that somebody else has started, and its processes."""
    for name, value in ALONE.items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        words = [
            "start", "--head", "--block", "--num-cpus=2", "--node-ip-address=127.0.0.1", "--port=0",
            "--include-dashboard=false", f"--ray-client-server-port={port}", "--object-store-memory=134217728",
            "--temp-dir", folder,
        ]  # fmt: skip
        ray = Path(sys.executable).with_name("ray")
        head = subprocess.Popen([ray, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert head.stdout is not None
        assert any("Ray runtime started" in line for line in head.stdout)
        processes = psutil.Process(head.pid).children(recursive=True)
        yield f"ray://127.0.0.1:{port}", processes
        end([*psutil.Process(head.pid).children(recursive=True), *processes])
        head.kill()
        head.communicate()


def end(processes: list[psutil.Process]) -> None:
    for one in processes:
        if one.is_running():
            one.kill()


def parts(home: Path) -> dict[str, int]:
    return {str(one): one.stat().st_mtime_ns for one in home.glob("sweeps/*/parts/*.parquet")}


def kept(home: Path) -> dict[str, bytes]:
    sweeps = home / "sweeps"
    return {str(one.relative_to(sweeps)): one.read_bytes() for one in sweeps.rglob("*") if one.is_file()}


@pytest.mark.storm  # Ray takes half a minute to believe that a head is gone
def test_a_sweep_goes_on_without_the_cluster_it_has_lost(tmp_path: Path, cluster: tuple[str, list[psutil.Process]]):
    address, processes = cluster
    home, until = filled(tmp_path / "there"), time.monotonic() + SECONDS_MAX
    running = begin(home, (*SWEEP, "--cluster", address))
    while not parts(home) and time.monotonic() < until:
        assert running.poll() is None, running.communicate()
    end(processes)
    out, _ = running.communicate(timeout=SECONDS_MAX)
    assert running.returncode == 2
    assert json.loads(out)["error"]["code"] == "cluster_lost"
    before = parts(home)
    told, err = begin(home, SWEEP).communicate(timeout=SECONDS_MAX)
    assert told, err
    after = parts(home)
    assert before and {one: after[one] for one in before} == before, "what was there is not written again"
    begin(filled(tmp_path / "here"), SWEEP).communicate(timeout=SECONDS_MAX)
    assert kept(home) == kept(tmp_path / "here")
