"""A real server on a free port, a real browser, and the page as it was built."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.unit.api.fake_cockpit import FakeCockpit

from karat.api.app import create_app
from karat.api.server import ApiServer, bind_socket
from karat.app.data_desk import open_desk
from karat.ports.data_desk import DataDesk

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "correct-horse-battery"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (  # as root in a closed network: no sandbox, and nothing that calls home
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def not_run(why: str) -> NoReturn:
    """Under CI a missing tool is a failure; elsewhere the test says that it was not run."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(f"not run: {why}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for the tests of one module: while it runs, no test of another module could run a loop of its own."""
    names = (os.environ.get("KARAT_CHROMIUM", ""), *CHROMIUM_NAMES)
    path = next((found for found in (shutil.which(name) for name in names if name) if found), None)
    if path is None:
        not_run("no Chromium is here; install the package chromium or set KARAT_CHROMIUM")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def built() -> None:
    """The page of these very sources."""
    check = subprocess.run([ROOT / "scripts" / "build_web.sh", "--check"], check=False)
    if check.returncode != 0:
        not_run("the page is not built from these sources; run scripts/build_web.sh")


@dataclass
class Site:
    """The served API and page, the cockpit behind them and the real desk over the lake of this test. `stop` and `start`
    are what an operator does."""

    cockpit: FakeCockpit
    port: int = 0
    desk: DataDesk = field(default_factory=open_desk)
    _server: ApiServer | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        listener = bind_socket("127.0.0.1", self.port)
        self.port = listener.getsockname()[1]
        server = ApiServer(create_app(self.cockpit, TOKEN, desk=self.desk), listener)
        self._thread = threading.Thread(target=lambda: asyncio.run(server.run_until_stopped()))
        self._thread.start()
        self._server = server

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.stop()
        self._thread.join(timeout=30)
        assert not self._thread.is_alive(), "the server ends when it is asked to"
        self._server = None


@pytest.fixture
def site(built: None) -> Iterator[Site]:
    served = Site(FakeCockpit(bots=6, days=30))
    served.start()
    yield served
    served.stop()


@dataclass
class Tab:
    """A page and every complaint the browser made about it."""

    page: Page
    complaints: list[str]


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme="dark", timezone_id="Europe/Berlin", locale="en-GB"
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield Tab(page, complaints)
    context.close()
