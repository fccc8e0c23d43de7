"""Where tests find shared data. Under CI it must be there; in a stranger's clone those tests say they were not run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("KARAT_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared reference data and market data."""
    if not (SHARED / "reference").is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"shared data is required under CI and is not at KARAT_SHARED={SHARED}")
        pytest.skip("not run: shared data is not here; set KARAT_SHARED")
    return SHARED
