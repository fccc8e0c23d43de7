"""Homes that share a bucket of an S3 server over HTTP, for the tests of push, pull and sync. It is moto, not AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.s3_server import KEYS, S3Server, running_server
from tests.unit.lake.bars import MARKET, bars
from tests.unit.lake.rows import TRADES, equal, trades

from karat.app.main import main
from karat.core.ids import MarketId
from karat.core.model.candles import Funding
from karat.lake.remote.s3 import S3Objects
from karat.lake.store import FolderLake, open_lake
from karat.ports.lake import Quality

OTHER = MarketId("venue:OTHER")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with running_server(tmp_path_factory.mktemp("s3")) as started:
        yield started


class Desk:
    """Homes that share a bucket."""

    def __init__(
        self, server: S3Server, folder: Path, environment: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
    ) -> None:
        self.server = server
        self.folder = folder
        self.environment = environment
        self.capture = capture
        self.bucket = server.new_bucket()
        self.address = f"s3://{self.bucket}/some/lake"

    def lake(self, home: str) -> FolderLake:
        return open_lake(self.folder / home)

    def run(
        self, home: str, word: str, *more: str, address: str | None = None, endpoint: str | None = None
    ) -> tuple[int, str, str]:
        """Run one command; `home` names its home."""
        self.environment.setenv("KARAT_HOME", str(self.folder / home))
        self.capture.readouterr()
        code = main(["data", word, address or self.address, "--endpoint", endpoint or self.server.url, *more])
        return code, *self.capture.readouterr()

    def told(self, home: str, word: str, *more: str, exits: int = 0) -> dict[str, Any]:
        code, out, err = self.run(home, word, *more, "--json")
        assert (code, err) == (exits, ""), out
        return json.loads(out)

    @property
    def objects(self) -> S3Objects:
        """The bucket, for tests that make and break what lies there."""
        return S3Objects(self.bucket, "some/lake", self.server.url)

    def key_of(self, part: str) -> str:
        (key,) = [key for key in self.objects.sizes() if part in key]
        return key

    def content(self, key: str) -> bytes:
        held = self.objects.read(key)
        assert held is not None
        return held.content


@pytest.fixture
def desk(server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    made = Desk(server, tmp_path, monkeypatch, capsys)
    fill(made.lake("here"))
    return made


def fill(lake: FolderLake, count: int = 200) -> None:
    """Candles, mark prices, funding and a table with text."""
    candles = bars(count)
    stamps = Funding(candles.ts[::8], np.full(len(candles.ts[::8]), 1e-4), np.full(len(candles.ts[::8]), np.nan))
    with lake.change() as change:
        change.put_candles(candles, Quality(sources=("by hand",)))
        change.put_candles(bars(count, market=OTHER), Quality(), sessions=True)
        change.put_mark(bars(count), Quality())
        change.put_funding(MARKET, stamps, Quality())
        change.put_table(TRADES, trades(count), ("a note",))


def same(one: FolderLake, other: FolderLake) -> bool:
    """Equal series, hashes, quality, anchors and vaults, and equal rows."""
    tables = [[(table.name, table.schema, table.hash, table.notes) for table in lake.tables()] for lake in (one, other)]
    return (
        one.list() == other.list()
        and tables[0] == tables[1]
        and all(equal(one.table(table[0]), other.table(table[0])) for table in tables[0])
        and one.funding(MARKET).rate.tobytes() == other.funding(MARKET).rate.tobytes()
    )


def hashes(lake: FolderLake) -> dict[object, str]:
    """What names the rows of each series; where a vault begins is each machine's own once a market is known there."""
    candles = {(entry.market, entry.timeframe_ms): entry.hash for entry in lake.list()}
    return {**candles, **{table.name: table.hash for table in lake.tables()}}
