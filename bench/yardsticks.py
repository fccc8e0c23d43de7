"""The yardsticks in C, read from shared data and built at bench time; never kept."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.market import PAIRS, SHARED, World, averages

SOURCES = {"dense": "limit_sweep", "sparse": "limit_sweep", "lanes": "limit_lanes"}
FLAGS = ("-O3", "-march=native", "-shared", "-fPIC", "-w")
START = 400  # first bar of the loop in C; every average is defined from there on


@dataclass(frozen=True)
class Yardstick:
    """A function in C on the bars, crossings and levels of a sweep: `run()` fills `equity` and `trades`."""

    run: Callable[[], None]
    equity: np.ndarray
    trades: np.ndarray


def yardstick(
    algorithm: str, world: World, stops: np.ndarray, takes: np.ndarray, fee: float, slip: float
) -> Yardstick | None:
    """`algorithm` over every pair of `PAIRS` and level; None where the source or a compiler is not there."""
    source = SHARED / "reference" / "bench" / f"{SOURCES[algorithm]}.c"
    if not source.is_file():
        return None
    folder = tempfile.mkdtemp(prefix="karat-bench-")
    built = Path(folder) / f"{algorithm}.so"
    try:
        subprocess.run(["gcc", *FLAGS, source, "-o", built], check=True)
    except FileNotFoundError:
        return None
    function = getattr(ctypes.CDLL(str(built)), algorithm)
    function.restype = None
    bars = world.candles
    count = len(PAIRS) * len(stops)
    fast = np.repeat(2 * np.arange(len(PAIRS), dtype=np.int32), len(stops))
    columns = [bars.open, bars.high, bars.low, bars.close, averages(bars)]
    levels = [fast, fast + np.int32(1), np.tile(stops, len(PAIRS)), np.tile(takes, len(PAIRS))]
    out = [np.zeros(count) for _ in range(4)]
    trades = np.zeros(count, np.int64)
    arguments = [
        *map(_pointer, columns), ctypes.c_int64(len(bars)), *map(_pointer, levels), ctypes.c_int64(0),
        ctypes.c_int64(count), ctypes.c_double(fee), ctypes.c_double(slip), *map(_pointer, out), _pointer(trades),
        ctypes.c_int64(START),
    ]  # fmt: skip
    held = (columns, levels, out)

    def run() -> None:
        assert held, "the arrays live as long as the function"
        function(*arguments)

    return Yardstick(run, out[0], trades)


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    assert array.flags.c_contiguous
    return ctypes.c_void_p(array.ctypes.data)
