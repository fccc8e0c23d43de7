"""The same source, compiled and not: equal to the bit. Also shows that compilation fused and reordered nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from tests.unit.indicators.every_output import every_output

from karat.core.compiled import PLAIN

ROOT = Path(__file__).resolve().parents[3]


def test_the_plain_twin_gives_the_same_bits(tmp_path: Path) -> None:
    file = tmp_path / "outputs.npz"
    environment = dict(os.environ)
    environment["KARAT_PLAIN"] = "0" if PLAIN else "1"
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *sys.path])
    command = [sys.executable, "-m", "tests.unit.indicators.every_output", str(file)]
    subprocess.run(command, check=True, env=environment, cwd=ROOT)
    other = np.load(file)
    ours = every_output()
    assert set(other.files) == set(ours)
    different = [
        name
        for name, values in ours.items()
        if not np.array_equal(
            values.view(np.int64)[~np.isnan(values)], other[name].view(np.int64)[~np.isnan(other[name])]
        )
        or not np.array_equal(np.isnan(values), np.isnan(other[name]))
    ]
    assert different == []
