"""Everything a download needs, pointed at the fakes: a lake, a budget, a clock that jumps."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
from tests.fakes.clock import JumpingClock
from tests.fakes.server import Internet

from karat.app.vendors import history_opener, secret
from karat.core.errors import KaratError
from karat.core.ids import MarketId
from karat.core.time import timeframe_ms
from karat.feeds.common.network import Network
from karat.ingest.budget import FolderBudget
from karat.ingest.download import Coverage, Order, Places, Progress
from karat.ingest.downloads import Outcome, download_all
from karat.ingest.orders import Kind
from karat.ingest.page import Bars
from karat.lake.store import open_lake

TIMEOUT_SECONDS = 2.0  # only a host that never answers is waited for so long


class Desk:
    """Downloads of one home."""

    def __init__(self, home: Path, internet: Internet, now_ms: int, archives: dict[str, str] | None = None) -> None:
        self.clock = JumpingClock(now_ms)
        self.lake = open_lake(home)
        self.downloads = home / "downloads"
        self.budget = FolderBudget(home / "budget", self.clock)
        self.told: list[Progress] = []
        reach = Network(internet.https_proxy, str(internet.ca_file), TIMEOUT_SECONDS, archives or {}, secret)
        self._opener = history_opener(reach, self.budget)

    def run(self, *orders: Order) -> list[Outcome]:
        """The outcomes of several orders at once."""
        places = Places(self.lake, self.clock, self.downloads, self.told.append)
        return asyncio.run(download_all(orders, self._opener, places))

    def download(
        self,
        market: str,
        timeframe: str = "1h",
        *,
        replace: bool = False,
        since: int | None = None,
        kind: Kind = "candles",
        ask_again: bool = False,
    ) -> Coverage:
        """The coverage of one order that succeeds; its error is raised."""
        length = timeframe_ms(timeframe)
        [outcome] = self.run(Order(MarketId(market), length, since, None, replace, kind, ask_again))
        if outcome.error is not None:
            raise outcome.error
        assert outcome.coverage is not None
        return outcome.coverage

    def refused(
        self, market: str, timeframe: str = "1h", *, since: int | None = None, kind: Kind = "candles"
    ) -> KaratError:
        """The error of one order that fails."""
        [outcome] = self.run(Order(MarketId(market), timeframe_ms(timeframe), since, kind=kind))
        assert outcome.error is not None, "it was expected to fail"
        return outcome.error

    def stored(self, market: str, timeframe: str = "1h") -> Bars:
        """What the lake holds."""
        return Bars.of(self.lake.candles(MarketId(market), timeframe_ms(timeframe)))


def same(one: Bars, other: Bars) -> bool:
    """Equal to the bit."""
    return bool(np.array_equal(one.ts, other.ts) and np.array_equal(one.values, other.values))
