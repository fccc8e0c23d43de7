"""A sweep whose variants are simulated by the workers of an executor: other processes, here or on other machines.

1. The workers share the columns of the market, the grid, the policy and the name of the strategy, and make their plan
   of them as this process does. A worker whose code is another refuses: its figures would be others.
2. A chunk is some variants of a part. What comes of a variant depends on nothing but the variant, so that parts are the
   same bytes whoever simulated them, in whatever chunks.
3. Chunks of all parts are asked for in one stream; a part is given away when its last chunk has come.
4. The sketch of a sample, and what is worked out of all variants, is made here.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import karat
from karat.core.errors import InputError, KaratError
from karat.core.model.candles import Candles, Floats, Funding, Ints, Series
from karat.core.model.instrument import Instrument
from karat.core.model.policy import Policy
from karat.ports.executor import Executor
from karat.ports.lake import LakeEntry
from karat.research.backtest import MarketData
from karat.research.sweeps.batches import POLICIES_A_BATCH, Plan, batches, plan_of
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.keeping import FigureKeeper
from karat.research.sweeps.objective import Objective
from karat.research.sweeps.objectives import objective_of
from karat.research.sweeps.sweep import Kept, SweepThreads
from karat.strategies import Market, code_hash, find_strategy

CHUNK_MAX = 8 * POLICIES_A_BATCH
_CHUNKS_A_SLOT = 8  # at least so many for each core, so that they end at about the same time
_MANY_SHARE = 32  # of a chunk, where each variant is scored with the effort that only the best are worth
_LIBRARIES = ("numpy", "numba", "llvmlite")


class Goal(NamedTuple):
    """What variants are scored by, as `objective_of` reads it."""

    by: str
    seed: int

    @property
    def objective(self) -> Objective | None:
        return objective_of(*self)


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What every worker is told once. Arrays are read where the executor keeps them."""

    candles: Candles
    funding: Funding | None
    series: tuple[Series, ...]
    instrument: Instrument
    entry: LakeEntry
    strategy: str
    code: Mapping[str, str]
    grid: SweepGrid
    policy: Policy
    goal: Goal

    @classmethod
    def of(cls, plan: Plan, goal: Goal) -> Shared:
        market, data = plan.data.market, plan.data
        funding = market.funding if "funding" in market.inputs else None
        code = {"strategy": code_hash(plan.strategy), **ground()}
        return cls(
            market.candles, funding, market.raw_series, data.instrument, data.entry, plan.strategy.name, code,
            plan.grid, plan.policy, goal,
        )  # fmt: skip

    def plan(self) -> Plan:
        """The plan, in a worker. Raises InputError `worker_differs`."""
        try:
            strategy = find_strategy(self.strategy)
        except KaratError as error:
            raise _differs(f"cannot load the strategy {self.strategy}: {error.message}") from error
        here = {"strategy": code_hash(strategy), **ground()}
        others = [name for name, one in self.code.items() if here[name] != one]
        if others:
            raise _differs(f"has another version of {', '.join(others)}")
        market = Market(self.candles, self.funding, self.series)
        return plan_of(MarketData(market, self.instrument, self.entry), strategy, self.grid, self.policy)


@cache
def ground() -> dict[str, str]:
    """What decides figures beside a strategy: Karat's sources, and the libraries that compile and compute."""
    package = Path(karat.__file__).resolve().parent
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        digest.update(file.relative_to(package).as_posix().encode())
        digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return {"karat": digest.hexdigest(), **{name: version(name) for name in _LIBRARIES}}


def _differs(how: str) -> InputError:
    hint = "Install the same Karat there, put the same file into its KARAT_HOME/strategies, and give the command again."
    return InputError("worker_differs", f"The worker on {platform.node()} {how}.", hint)


class Chunk(NamedTuple):
    """Variants to simulate, ascending; a range where there is no gap, which is small to send."""

    variants: Ints | range
    many: bool

    @classmethod
    def of(cls, variants: Ints, *, many: bool = False) -> Chunk:
        first, last = int(variants[0]), int(variants[-1])
        return cls(range(first, last + 1) if last - first + 1 == len(variants) else variants, many)


def prepare(shared: Shared) -> Callable[[Chunk], Kept]:
    """What a worker does with a chunk: `ports.executor.Prepare`."""
    return partial(simulated, shared.plan(), shared.goal.objective)


def simulated(plan: Plan, objective: Objective | None, chunk: Chunk) -> Kept:
    """What is kept of the variants of a chunk."""
    variants = np.asarray(chunk.variants, np.int64)
    keeper = FigureKeeper(plan, variants, objective, many=chunk.many)
    for batch in batches(plan, keeper, variants):
        batch()
    return Kept(keeper.figures, keeper.scores)


def rows_a_chunk(rows: int, slots: int) -> int:
    """How many variants a chunk has: many, because each has to find its entries anew, but some chunks for each slot."""
    wanted = -(-rows // (slots * _CHUNKS_A_SLOT * POLICIES_A_BATCH)) * POLICIES_A_BATCH
    return min(CHUNK_MAX, max(POLICIES_A_BATCH, wanted))


class SpreadSweep(SweepThreads):
    """`SweepThreads` whose variants are simulated by an executor. Threads of this process make the sketch."""

    def __init__(self, plan: Plan, executor: Executor, goal: Goal, progress: Callable[[int], None] | None) -> None:
        super().__init__(plan, None, progress)
        self._stack = ExitStack()
        self._crew = self._stack.enter_context(executor.crew(prepare, Shared.of(plan, goal)))

    def __exit__(self, *exception: Any) -> None:
        self._stack.close()
        super().__exit__(*exception)

    def parts(self, wanted: Mapping[int, Ints], objective: Objective | None) -> Generator[tuple[int, Kept]]:
        size = rows_a_chunk(sum(map(len, wanted.values())), self._crew.slots)
        places = [(part, first) for part, variants in wanted.items() for first in range(0, len(variants), size)]
        left = {part: -(-len(variants) // size) for part, variants in wanted.items()}
        whole: dict[int, Kept] = {}
        chunks = (Chunk.of(wanted[part][first : first + size]) for part, first in places)
        with closing(self._crew.results(chunks)) as results:
            for place, found in results:
                part, first = places[place]
                rows = len(wanted[part])
                into = whole.setdefault(part, Kept(*(np.empty((rows, one.shape[1])) for one in found)))
                _put(into, first, found)
                if self._progress is not None:
                    self._progress(len(found.figures))
                left[part] -= 1
                if not left[part]:
                    yield part, whole.pop(part)

    def _again(self, variants: Ints, objective: Objective) -> Floats:
        size = max(1, rows_a_chunk(len(variants) * _MANY_SHARE, self._crew.slots) // _MANY_SHARE)
        places = range(0, len(variants), size)
        chunks = (Chunk.of(variants[first : first + size], many=True) for first in places)
        scores = np.empty((len(variants), len(objective.kept)))
        with closing(self._crew.results(chunks)) as results:
            for place, found in results:
                scores[places[place] : places[place] + size] = found.scores
        return scores


def _put(into: Kept, first: int, found: Kept) -> None:
    for column, rows in zip(into, found, strict=True):
        column[first : first + len(rows)] = rows
