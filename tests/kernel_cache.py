"""One kernel cache for all test workers, filled before they start, so that none of them compiles what another has.

The cache lies in `.cache/kernels` unless KARAT_KERNEL_CACHE says otherwise, in a folder per hash of the kernel sources.
`python -m tests.kernel_cache PART` compiles one part; `fill` runs all parts side by side, once per hash.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def choose_folder() -> None:
    """Name the cache in the environment; it has to be there before karat is imported."""
    os.environ.setdefault("KARAT_KERNEL_CACHE", str(ROOT / ".cache" / "kernels"))


def fill() -> None:
    """Compile every part that these sources have not compiled yet. Raises CalledProcessError where a part fails."""
    from karat.core.compiled import PLAIN, kernel_cache_dir

    done = kernel_cache_dir() / "filled"
    if PLAIN or done.exists():
        return
    print("Compiling the kernels for all test workers; once per version of their sources.", flush=True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    commands = [[sys.executable, "-m", "tests.kernel_cache", part] for part in PARTS]
    running = [subprocess.Popen(command, cwd=ROOT, env=environment) for command in commands]
    for command, process in zip(commands, running, strict=True):
        if process.wait() != 0:
            raise subprocess.CalledProcessError(process.returncode, command)
    done.touch()


def _kernel() -> None:
    """The kernel that can do everything, with its record."""
    import numpy as np

    from karat.core.model.policy import Policy
    from karat.core.model.signals import signals
    from karat.feeds.demo.market import demo_candles
    from karat.feeds.demo.symbols import DEMO_SYMBOLS, demo_instrument
    from karat.kernel.engine import prepare, run

    candles = demo_candles(1, DEMO_SYMBOLS[0], 3_600_000, 60)
    long = np.arange(60) % 10 == 0
    run(prepare(candles, signals(60, long=long), Policy(), demo_instrument(DEMO_SYMBOLS[0])))


def _indicators() -> None:
    """Every indicator."""
    from tests.unit.indicators.every_output import every_output

    every_output()


PARTS: dict[str, Callable[[], None]] = {"kernel": _kernel, "indicators": _indicators}


if __name__ == "__main__":
    PARTS[sys.argv[1]]()
