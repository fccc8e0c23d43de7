"""A sweep on a real cluster of processes is the sweep of one process to the byte, whoever is killed meanwhile."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest
from tests.chaos.busy_workers import BusyWorkers
from tests.unit.research.small_markets import market_data

from karat.compute.ray.connecting import ray_executor
from karat.compute.ray.executor import TRIES_MAX
from karat.core.errors import InputError, NeedsOperator, RetryLater
from karat.core.model.policy import LevelMode, Policy
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.ports.executor import Executor
from karat.research.backtest import MarketData
from karat.research.sweeps.choice import Sampler
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice, kept_sweep
from karat.strategies import find_strategy

WORKERS = 2
RULES = Policy(stop_mode=LevelMode.FRACTION, stop_value=0.02, take_mode=LevelMode.FRACTION, take_value=0.03)
LEVELS = tuple(0.0005 * k for k in range(1, 201))
GRID = SweepGrid({"fast_period": (5, 8), "slow_period": (40,)}, {"stop_value": LEVELS, "take_value": LEVELS})
WHOLE = Choice(by="sharpe - max_drawdown + consistency")


@pytest.fixture(scope="module")
def data() -> MarketData:
    return market_data(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 900))


def swept(data: MarketData, home: Path, choice: Choice, executor: Executor | None = None, progress=None):
    """The bytes of every file of the sweep."""
    strategy = find_strategy("ema_crossover")
    _, folder = kept_sweep(data, strategy, GRID, RULES, choice, home=home, executor=executor, progress=progress)
    files = [one for one in folder.folder.rglob("*") if one.is_file()]
    return {str(one.relative_to(folder.folder)): one.read_bytes() for one in files}


def test_a_killed_worker_costs_its_unfinished_chunk_and_no_byte(data: MarketData, tmp_path: Path):
    told = tmp_path / "told"
    told.mkdir()
    done: list[int] = []
    killed: list[int] = []
    with ray_executor("local", WORKERS) as cluster:
        workers = BusyWorkers(cluster, told)

        def kill_one(more: int, of: int) -> None:
            done.append(more)
            busy = workers.pids()
            if busy and sum(done) and not killed:
                killed.append(busy[0])
                os.kill(busy[0], signal.SIGKILL)

        assert swept(data, tmp_path / "there", WHOLE, workers, kill_one) == swept(data, tmp_path / "here", WHOLE)
        assert len(killed) == 1 and sum(done) == GRID.variants
        again = [chunk for chunk, times in workers.begun().items() if times > 1]
        assert cluster.lost == 1
        assert len(again) <= 1 < len(workers.begun())
        for sampler in (Sampler.RANDOM, Sampler.SOBOL):
            choice = Choice(sampler, 9_000, seed=3, by="deflated_sharpe")
            assert swept(data, tmp_path / "there", choice, cluster) == swept(data, tmp_path / "here", choice)
        assert listening() == {"127.0.0.1"}, "nothing of it can be reached from another machine"


def listening() -> set[str]:
    """Where this process and those it started can be connected to."""
    own = psutil.Process()
    ports = [port for one in [own, *own.children(recursive=True)] for port in one.net_connections("tcp")]
    return {port.laddr.ip.removeprefix("::ffff:") for port in ports if port.status == psutil.CONN_LISTEN}


def dies(shared: object):
    """Work that no worker survives."""
    return lambda chunk: os.kill(os.getpid(), signal.SIGKILL)


def refuses(shared: object):
    def refuse(chunk: object) -> None:
        raise InputError("bad_grid", f"{shared} and {chunk}", "Mend it.")

    return refuse


def test_what_no_worker_does_is_an_error_here(tmp_path: Path):
    with ray_executor("local", 1) as cluster:
        with cluster.crew(refuses, "shared") as crew, pytest.raises(InputError) as refused:
            list(crew.results(["a chunk"]))
        with cluster.crew(dies, None) as crew, pytest.raises(NeedsOperator) as given_up:
            list(crew.results([1]))
        begun = psutil.Process().children(recursive=True)
        head = next(one for one in begun if one.name() == "gcs_server")
        head.kill()
        head.wait()
        with pytest.raises(RetryLater) as lost, cluster.crew(refuses, None) as crew:
            list(crew.results([1]))
    error = refused.value
    assert (error.code, error.message, error.hint) == ("bad_grid", "shared and a chunk", "Mend it.")
    assert given_up.value.code == "chunk_kills_workers" and cluster.lost == TRIES_MAX - 1
    assert lost.value.code == "cluster_lost"
