"""A ground whose workers end with the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.bots.fleet import MARKET
from tests.unit.bots.workers.ground import SETTINGS, Ground

from karat.bots.history import History
from karat.bots.workers.voices import Voices
from karat.core.time import HOUR_MS


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path, Voices(SETTINGS), History(MARKET, HOUR_MS, has_funding=True))
    made.begin(300)
    yield made
    made.voices.close()
