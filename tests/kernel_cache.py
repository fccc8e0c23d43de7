"""One kernel cache for all test workers, filled before they start, so that none of them compiles what another has.

The cache lies in `.cache/kernels` unless KARAT_KERNEL_CACHE says otherwise, in a folder per hash of the kernel sources.
`fill` compiles what `karat demo` needs, every indicator and the plain sweep, side by side, once per hash.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def choose_folder() -> None:
    """Name the cache in the environment; it has to be there before karat is imported."""
    os.environ.setdefault("KARAT_KERNEL_CACHE", str(ROOT / ".cache" / "kernels"))


def fill() -> None:
    """Compile what these sources have not compiled yet. Raises where a part fails."""
    from karat.core.compiled import PLAIN, kernel_cache_dir

    done = kernel_cache_dir() / "filled"
    if PLAIN or done.exists():
        return
    print("Compiling the kernels for all test workers; once per version of their sources.", flush=True)
    users_home = os.environ.get("KARAT_HOME")
    with tempfile.TemporaryDirectory() as home:
        os.environ["KARAT_HOME"] = home
        try:
            _compile_all()
        finally:
            os.environ.pop("KARAT_HOME")
            if users_home is not None:
                os.environ["KARAT_HOME"] = users_home
    done.touch()


def _compile_all() -> None:
    """The parts of the demo in processes of their own, and the indicators in one more."""
    from karat.app.demo_compile import Compiling
    from karat.app.demo_ground import BARS_MIN, demo_ground

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, "-m", "tests.kernel_cache"]
    indicators = subprocess.Popen(command, cwd=ROOT, env=environment)
    Compiling(demo_ground(1, BARS_MIN)).wait()
    if indicators.wait() != 0:
        raise subprocess.CalledProcessError(indicators.returncode, command)


if __name__ == "__main__":
    from tests.property.test_by_trade import check_world, plain_world
    from tests.unit.indicators.every_output import every_output

    every_output()
    check_world(plain_world(1))  # one that may share a table of outcomes
