"""Time and memory of this process."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable


def best_cpu(work: Callable[[], object], times: int) -> float:
    """Least CPU seconds of this thread over `times` calls, after one that warms up."""
    work()
    return min(_cpu(work) for _ in range(times))


def _cpu(work: Callable[[], object]) -> float:
    begin = time.thread_time()
    work()
    return time.thread_time() - begin


def wall(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def best_wall(work: Callable[[], object], times: int) -> float:
    """Least wall seconds over `times` calls, after one that warms up."""
    work()
    return min(wall(work) for _ in range(times))


def peak_mb() -> float:
    """Most memory this process has held so far, in MB, interpreter and libraries included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
