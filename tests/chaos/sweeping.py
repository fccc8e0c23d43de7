"""A market to sweep in a home of its own, and the process that sweeps it, to be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.lake.quality import measure
from karat.lake.store import open_lake

ROOT = Path(__file__).resolve().parents[2]
MARKET = DEMO_SYMBOLS[0]
SECONDS_MAX = 120.0


def begin(home: Path, words: Sequence[str]) -> subprocess.Popen[str]:
    """`karat` with these words, in a process of its own."""
    environment = {**os.environ, "KARAT_HOME": str(home), "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, "-m", "karat.app", *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def filled(home: Path) -> Path:
    """The home, with the market in its lake."""
    candles = demo_candles(7, MARKET, HOUR_MS, 1_500)
    with open_lake(home).change() as change:
        change.put_candles(candles, measure(candles, sessions=False), sessions=False)
    return home
