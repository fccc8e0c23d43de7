"""Time and memory of this process."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path


def best_cpu(work: Callable[[], object], times: int) -> float:
    """Least CPU seconds of this thread over `times` calls, after one that warms up."""
    work()
    return min(_cpu(work) for _ in range(times))


def _cpu(work: Callable[[], object]) -> float:
    begin = time.thread_time()
    work()
    return time.thread_time() - begin


def best_process_cpu(work: Callable[[], object], times: int) -> float:
    """Least CPU seconds of all threads of this process over `times` calls."""
    seconds: list[float] = []
    for _ in range(times):
        begin = time.process_time()
        work()
        seconds.append(time.process_time() - begin)
    return min(seconds)


def wall(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def best_wall(work: Callable[[], object], times: int) -> float:
    """Least wall seconds over `times` calls, after one that warms up."""
    work()
    return min(wall(work) for _ in range(times))


def children_cpu() -> float:
    """CPU seconds of all processes started and ended by this one so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak_mb() -> float:
    """Most memory this process has held so far, in MB, interpreter and libraries included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def resident_mb() -> float:
    """Memory this process holds now, in MB; the most it has held where the system does not tell."""
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[1]) * resource.getpagesize() / 1e6 if told.is_file() else peak_mb()
