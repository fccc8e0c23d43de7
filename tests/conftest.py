"""What every test gets: a home of its own, the shared kernel cache, and shared data where it is.

Shared reference data and market data must be there under CI; in a stranger's clone those tests say they were not run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from tests.kernel_cache import choose_folder, fill

choose_folder()  # at import: before any test module imports karat

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("KARAT_SHARED", ROOT.parent / "shared"))
_HOMES = count()


def pytest_configure(config: pytest.Config) -> None:
    """Fill the kernel cache in the process that is about to start workers."""
    starts_workers = not hasattr(config, "workerinput") and getattr(config.option, "tx", None)
    if starts_workers:
        fill()


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A KARAT_HOME that no other test has and that is not there yet: nothing may reach the user's own."""
    folder = tmp_path_factory.getbasetemp() / f"home-{next(_HOMES)}"
    monkeypatch.setenv("KARAT_HOME", str(folder))
    monkeypatch.delenv("KARAT_JOURNAL_URL", raising=False)
    monkeypatch.setenv("KARAT_SECRET_KEY_FILE", str(folder.with_name(f"{folder.name}.key")))
    yield folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared reference data and market data."""
    if not (SHARED / "reference").is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"shared data is required under CI and is not at KARAT_SHARED={SHARED}")
        pytest.skip("not run: shared data is not here; set KARAT_SHARED")
    return SHARED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests state of themselves (`record_property("stated", ...)`), from whatever process they ran in."""
    reports = (report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, ()))
    for report in reports:
        for name, words in report.user_properties:
            if name == "stated":
                terminalreporter.write_line(f"{report.nodeid.rsplit('::')[-1]}: {words}")
