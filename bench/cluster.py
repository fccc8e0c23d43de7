"""A sweep on Ray: one worker process, then two, on the same sweep; and what a chunk costs beside its work.

From these figures docs/cluster.md says what many workers do. Wall seconds; each pair is measured several times, and the
best of each is taken, because other work on the machine only ever adds.
"""

from __future__ import annotations

import pickle
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.clocks import best_process_cpu, wall
from bench.market import data_of, default_costs_policy, level_axes, year
from bench.rows import Row
from karat.compute.ray.connecting import ray_executor
from karat.ports.executor import Crew, Executor, Prepare
from karat.research.sweeps.batches import POLICIES_A_BATCH, Plan, plan_of
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice, kept_sweep
from karat.research.sweeps.spread import CHUNK_MAX, Chunk, Goal, Shared, simulated
from karat.strategies import find_strategy

STRATEGY = "ema_crossover"
CHOICE = Choice(by="consistency")
EMPTY_CHUNKS = 500


def counted(told: tuple[Prepare, Any]) -> Any:
    """Work, and the CPU seconds that each chunk took; runs in a worker."""
    inner, shared = told
    run = inner(shared)

    def chunk(one: Any) -> tuple[Any, float]:
        begin = time.process_time()
        return run(one), time.process_time() - begin

    return chunk


class Timed:
    """An executor that adds up how long the caller waited for its workers, and what CPU these took."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.name = executor.name
        self.waited_s = self.cpu_s = 0.0

    @contextmanager
    def crew(self, prepare: Prepare, shared: Any) -> Iterator[Crew]:
        with self._executor.crew(counted, (prepare, shared)) as crew:
            yield _TimedCrew(self, crew)


class _TimedCrew:
    def __init__(self, timed: Timed, crew: Crew) -> None:
        self._timed, self._crew, self.slots = timed, crew, crew.slots

    def results(self, chunks: Iterable[Any]) -> Iterator[tuple[int, Any]]:
        results, begun = self._crew.results(chunks), time.perf_counter()
        try:
            for place, (one, cpu_s) in results:
                self._timed.waited_s += time.perf_counter() - begun
                self._timed.cpu_s += cpu_s
                yield place, one
                begun = time.perf_counter()
            self._timed.waited_s += time.perf_counter() - begun
        finally:
            results.close()


class Spent(NamedTuple):
    """Seconds of a whole sweep; of it those that no worker was waited for; CPU seconds of the workers."""

    whole: float
    own: float
    workers: float


def nothing(shared: object) -> Any:
    """Work that is none."""
    return lambda chunk: chunk


def cluster(quick: bool) -> list[Row]:
    """A million policies with consistency, files and all, on one and on two worker processes."""
    side, times = (200, 1) if quick else (1_000, 3)
    grid = SweepGrid({}, level_axes(side, side))
    runs: dict[int, list[Spent]] = {1: [], 2: []}
    empty: list[float] = []
    for _ in range(times):
        for workers, found in runs.items():
            with ray_executor("local", workers) as executor:
                _run(SweepGrid({}, level_axes(256, 256)), executor)  # loads the kernels in each worker
                found.append(_run(grid, executor))
                if workers == 2:
                    empty.append(_empty_chunk_ms(executor))
    return [*_scaling(runs, grid), *_beside(grid, min(empty))]


def _run(grid: SweepGrid, executor: Executor) -> Spent:
    timed = Timed(executor)
    data, strategy, policy = data_of(year()), find_strategy(STRATEGY), default_costs_policy()
    with tempfile.TemporaryDirectory(prefix="karat-bench-") as home:
        seconds = wall(lambda: kept_sweep(data, strategy, grid, policy, CHOICE, home=Path(home), executor=timed))
    return Spent(seconds, seconds - timed.waited_s, timed.cpu_s)


def _empty_chunk_ms(executor: Executor) -> float:
    with executor.crew(nothing, None) as crew:
        list(crew.results(range(8)))
        return 1e3 * wall(lambda: list(crew.results(range(EMPTY_CHUNKS)))) / EMPTY_CHUNKS


def _scaling(runs: dict[int, list[Spent]], grid: SweepGrid) -> list[Row]:
    """Whole sweeps, and how much of the best with two workers was this process's own work."""
    one, two = (min(spent.whole for spent in runs[workers]) for workers in (1, 2))
    own = min(spent.own for found in runs.values() for spent in found)
    cpu = [min(spent.workers for spent in runs[workers]) for workers in (1, 2)]
    every = tuple(
        (f"{workers} worker, run {k + 1}, s", spent.whole)
        for workers, found in runs.items()
        for k, spent in enumerate(found)
    )
    note = f"{grid.variants:,} policies with consistency, files written, Ray on this machine; best of {len(runs[1])}"
    return [
        Row("1 to 2 workers, share of twice as fast", one / (2.0 * two), "x", 0.9, at_most=False, note=note),
        Row("the sweep on 1 worker", one, "s", beside=every, note=note),
        Row("the sweep on 2 workers", two, "s", note=note),
        Row("CPU of 1 worker for it", cpu[0], "s", beside=(("of 2 workers", cpu[1]),), note="chunks alone"),
        Row("of it this process alone: files, sketch, order", own, "s", note="no worker was waited for"),
    ]


def _beside(grid: SweepGrid, empty_ms: float) -> list[Row]:
    """What chunks cost beside their work."""
    plan = plan_of(data_of(year()), find_strategy(STRATEGY), grid, default_costs_policy())
    goal = Goal(CHOICE.by, CHOICE.seed)
    small, large = (_variant_us(plan, goal, rows) for rows in (POLICIES_A_BATCH, CHUNK_MAX))
    begin_ms = 1e-3 * (small - large) / (1.0 / POLICIES_A_BATCH - 1.0 / CHUNK_MAX)
    buffers: list[pickle.PickleBuffer] = []
    told = len(pickle.dumps(Shared.of(plan, goal), protocol=5, buffer_callback=buffers.append))
    told += sum(one.raw().nbytes for one in buffers)
    back = sum(one.nbytes for one in simulated(plan, goal.objective, _first(POLICIES_A_BATCH)))
    return [
        Row("an empty chunk, there and back, two workers", empty_ms, "ms", note=f"{EMPTY_CHUNKS} chunks"),
        Row("to begin a chunk of one set of signals", begin_ms, "ms", note="columns, signals and entries found anew"),
        Row("a variant in a large chunk", large, "us", beside=(("in a small one", small),), note="one core"),
        Row("put into the object store, once", told / 1e3, "kB", note=f"{len(plan.data.candles):,} bars"),
        Row("that comes back of a variant", back / POLICIES_A_BATCH, "bytes"),
    ]


def _first(rows: int) -> Chunk:
    return Chunk(range(rows), many=False)


def _variant_us(plan: Plan, goal: Goal, rows: int) -> float:
    objective = goal.objective
    return 1e6 * best_process_cpu(lambda: simulated(plan, objective, _first(rows)), 4) / rows
