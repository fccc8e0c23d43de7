from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.ingest.market_files import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A lake of its own and a folder for files."""
    return Desk(tmp_path)
