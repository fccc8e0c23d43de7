"""Fixtures of the fakes: one internet per worker, empty for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.fakes.certificates import Certificates
from tests.fakes.server import Internet


@pytest.fixture(scope="session")
def whole_internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    with Internet(Certificates(tmp_path_factory.mktemp("certificates"))).running() as internet:
        yield internet


@pytest.fixture
def internet(whole_internet: Internet) -> Internet:
    """Every host there is, and nobody else: clients told of its proxy and authority reach nothing outside."""
    whole_internet.forget()
    return whole_internet
