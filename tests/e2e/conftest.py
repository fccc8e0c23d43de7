"""Fixtures are named here once: of two such browsers the second could not start beside the first."""

from tests.e2e.page_fixtures import browser
from tests.e2e.remote_desk import desk, server

__all__ = ["browser", "desk", "server"]
