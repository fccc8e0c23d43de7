"""The browser is named here once: of two such fixtures the second could not start beside the first."""

from tests.e2e.page_fixtures import browser

__all__ = ["browser"]
