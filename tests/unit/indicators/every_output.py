"""Write every catalogue indicator's outputs on one hostile market to an NPZ file: `python -m ... FILE`."""

from __future__ import annotations

import sys

import numpy as np
from tests.unit.indicators.worlds import call, walk

from karat.core.indicators.catalogue import CATALOGUE


def every_output() -> dict[str, np.ndarray]:
    """Outputs by name of indicator and output."""
    market = walk(seed=77, bars=360)
    return {
        f"{name}.{output}": values
        for name, indicator in CATALOGUE.items()
        for output, values in zip(indicator.outputs, call(name, market), strict=True)
    }


if __name__ == "__main__":
    np.savez(sys.argv[1], **every_output())  # pyright: ignore[reportArgumentType]
