"""karat data push, pull and sync against an S3 server over HTTP. The server is moto, not AWS."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.s3_server import KEYS, S3Server, running_server
from tests.unit.lake.bars import MARKET, bars, without
from tests.unit.lake.rows import TRADES, equal, trades

from karat.app.main import main
from karat.core.ids import MarketId
from karat.core.model.candles import Funding
from karat.core.time import HOUR_MS
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


def test_a_pushed_lake_comes_back_into_an_empty_home(desk: Desk) -> None:
    pushed = desk.told("here", "push")
    assert (pushed["sent"], pushed["objects"], pushed["refused"]) == (5, 5, 0)
    before = desk.lake("here").list()
    shutil.copytree(desk.folder / "here", desk.folder / "kept")
    shutil.rmtree(desk.folder / "here")
    pulled = desk.told("here", "pull")
    assert (pulled["taken"], pulled["objects"], pulled["bytes"]) == (5, 5, pushed["bytes"])
    assert desk.lake("here").list() == before
    assert same(desk.lake("here"), desk.lake("kept"))
    assert not (desk.folder / "here" / "incoming").exists()


def test_a_second_push_writes_nothing_at_all(desk: Desk) -> None:
    desk.told("here", "push")
    before = len(desk.server.requests())
    again = desk.told("here", "push")
    assert (again["unchanged"], again["objects"], again["bytes"]) == (5, 0, 0)
    assert {request.split()[0] for request in desk.server.requests()[before:]} == {"GET"}


def test_a_second_pull_fetches_the_catalog_alone(desk: Desk) -> None:
    desk.told("here", "push")
    desk.told("there", "pull")
    before = len(desk.server.requests())
    assert desk.told("there", "pull")["unchanged"] == 5
    assert [request.rpartition("/")[2] for request in desk.server.requests()[before:]] == ["catalog.json"]


def test_only_the_series_that_changed_is_sent_and_taken(desk: Desk) -> None:
    desk.told("here", "push")
    desk.told("there", "pull")
    with desk.lake("here").change() as change:
        change.put_candles(bars(260), Quality(sources=("by hand",)))
    pushed = desk.told("here", "push")
    assert [one["market"] for one in pushed["series"] if one["status"] == "sent"] == [MARKET]
    assert pushed["objects"] == 1
    pulled = desk.told("there", "pull")
    assert [(one["market"], one["rows"]) for one in pulled["series"] if one["status"] == "taken"] == [(MARKET, 260)]
    assert same(desk.lake("here"), desk.lake("there"))


def test_anchor_and_vault_travel_with_a_market(desk: Desk) -> None:
    with desk.lake("here").change() as change:
        change.put_candles(bars(1000), Quality())  # newer bars join the vault; where it begins stays
    vault = desk.lake("here").entry(MARKET, HOUR_MS).vault_start_ts
    assert vault == bars(1000).ts[160]
    desk.told("here", "push")
    desk.told("there", "pull")
    assert desk.lake("there").entry(MARKET, HOUR_MS).vault_start_ts == vault
    assert desk.lake("there").entry(OTHER, HOUR_MS).sessions


def test_objects_that_fell_out_of_the_catalog_go_with_the_next_but_one_push(desk: Desk) -> None:
    desk.told("here", "push")
    first = desk.key_of("candles.venue.OTHER")
    for count, still_there in ((300, True), (400, False)):
        with desk.lake("here").change() as change:
            change.put_candles(bars(count, market=OTHER), Quality(), sessions=True)
        desk.told("here", "push")
        assert (first in desk.objects.sizes()) == still_there


@pytest.mark.parametrize("damage", ["a flipped bit", "cut short", "gone"])
def test_a_damaged_object_is_refused_by_name_and_the_rest_is_taken(desk: Desk, damage: str) -> None:
    desk.told("here", "push")
    key = desk.key_of("candles.venue.OTHER")
    content = bytearray(desk.content(key))
    content[len(content) // 2] ^= 1
    if damage == "gone":
        desk.objects.delete([key])
    else:
        desk.objects.write(key, bytes(content[: len(content) // 2] if damage == "cut short" else content))
    pulled = desk.told("there", "pull", exits=2)
    assert (pulled["taken"], pulled["refused"]) == (4, 1)
    assert pulled["error"]["code"] == ("object_missing" if damage == "gone" else "object_corrupt")
    assert key in pulled["error"]["message"]
    assert [entry.market for entry in desk.lake("there").list()] == [MARKET]
    desk.objects.delete([key])
    assert desk.told("here", "push", "--replace")["objects"] == 1
    assert desk.told("there", "pull")["taken"] == 1
    assert same(desk.lake("here"), desk.lake("there"))


def test_other_rows_for_the_same_times_are_refused_until_one_side_is_told_to_win(desk: Desk) -> None:
    desk.told("here", "push")
    with desk.lake("there").change() as change:
        change.put_candles(without(bars(150), 3), Quality())
    for word, code in (("pull", "lake_differs"), ("push", "remote_ahead")):
        told = desk.told("there", word, exits=2)
        assert (told["refused"], told["error"]["code"]) == (1, code)
    assert len(desk.lake("there").candles(MARKET, HOUR_MS)) == 149
    assert desk.told("there", "pull", "--replace")["refused"] == 0
    assert hashes(desk.lake("here")) == hashes(desk.lake("there"))


def test_a_side_that_has_more_of_the_same_rows_keeps_them(desk: Desk) -> None:
    desk.told("here", "push")
    desk.told("there", "pull")
    with desk.lake("there").change() as change:
        change.put_candles(bars(230), Quality())
        change.append(TRADES, trades(10, first=200))
    assert desk.told("there", "pull")["kept"] == 2
    assert desk.told("there", "push")["sent"] == 2
    assert desk.told("here", "pull")["taken"] == 2
    assert same(desk.lake("here"), desk.lake("there"))


def test_sync_brings_both_sides_to_the_same(desk: Desk) -> None:
    with desk.lake("there").change() as change:
        change.put_candles(bars(250), Quality(sources=("by hand",)))
    assert desk.told("here", "sync")["sent"] == 5
    synced = desk.told("there", "sync")
    assert (synced["sent"], synced["taken"]) == (1, 4)
    assert desk.told("here", "sync")["taken"] == 1
    assert hashes(desk.lake("here")) == hashes(desk.lake("there"))


def test_rows_damaged_on_this_disk_are_not_sent_and_a_pull_mends_them(desk: Desk) -> None:
    desk.told("here", "push")
    shutil.copytree(desk.folder / "here", desk.folder / "kept")
    (close,) = (desk.folder / "here").rglob("candles.venue.OTHER.1h.*/close.bin")
    content = bytearray(close.read_bytes())
    content[100] ^= 1
    close.write_bytes(content)
    told = desk.told("here", "push", "--replace", exits=2)
    assert (told["refused"], told["error"]["code"]) == (1, "lake_damaged")
    assert desk.told("here", "pull", "--replace")["taken"] == 1
    assert same(desk.lake("here"), desk.lake("kept"))


def test_a_full_disk_is_one_line_and_what_has_come_is_kept(desk: Desk) -> None:
    desk.told("here", "push")
    key = desk.key_of("candles.venue.OTHER")
    label, sha = key.split("/")[1:]
    full = desk.folder / "there" / "incoming" / label / f"0-{sha}".replace(".parquet", ".part")
    full.parent.mkdir(parents=True)
    full.symlink_to("/dev/full")  # the device that never has room
    told = desk.told("there", "pull", exits=2)
    assert told["error"]["code"] == "disk_full"
    assert desk.lake("there").list() == ()
    full.unlink()
    assert desk.told("there", "pull")["taken"] == 5
    assert same(desk.lake("here"), desk.lake("there"))


@pytest.mark.parametrize("word", ["push", "pull", "sync"])
def test_a_server_that_is_down_is_one_line(desk: Desk, word: str) -> None:
    code, out, err = desk.run("here", word, endpoint="http://127.0.0.1:1")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "cannot be reached" in err


def test_a_bucket_that_is_not_there_is_one_line(desk: Desk) -> None:
    for word in ("push", "pull", "sync"):
        code, out, err = desk.run("here", word, address="s3://no-such-bucket/lake")
        assert (code, out) == (2, "")
        assert err == "Error: There is no bucket 'no-such-bucket'. Make it, or mend its name.\n"


def test_a_wrong_key_is_one_line_that_holds_no_secret(desk: Desk) -> None:
    desk.server.ask_for_keys(ask=True)
    try:
        for word in ("push", "pull", "sync"):
            code, out, err = desk.run("here", word)
            assert (code, out, len(err.splitlines())) == (2, "", 1)
            assert "InvalidAccessKeyId" in err
            assert KEYS["AWS_SECRET_ACCESS_KEY"] not in err
    finally:
        desk.server.ask_for_keys(ask=False)


def test_no_key_at_all_is_one_line(desk: Desk, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        desk.environment.delenv(name)
    desk.environment.setenv("HOME", str(tmp_path))
    code, _, err = desk.run("here", "push")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "AWS_ACCESS_KEY_ID" in err


def test_keys_and_endpoint_come_from_the_usual_files_too(desk: Desk, tmp_path: Path) -> None:
    for name in KEYS:
        desk.environment.delenv(name)
    file = tmp_path / "config"
    text = f"aws_access_key_id = k\naws_secret_access_key = s\nregion = eu-west-1\nendpoint_url = {desk.server.url}\n"
    file.write_text(f"[profile mine]\n{text}")
    desk.environment.setenv("AWS_CONFIG_FILE", str(file))
    desk.environment.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    desk.environment.setenv("AWS_PROFILE", "mine")
    desk.environment.setenv("KARAT_HOME", str(desk.folder / "here"))
    assert main(["data", "push", desk.address]) == 0
    assert len(desk.server.objects(desk.bucket)) == 6


def test_a_catalog_that_cannot_be_understood_is_one_line(desk: Desk) -> None:
    desk.told("here", "push")
    whole = desk.content("catalog.json")
    strange = (b"", b"[]", b"{", whole[:200], whole.replace(b'"series": [', b'"series": [1,'))
    escaping = whole.replace(b'"retired": []', b'"retired": ["../../other"]')
    for content in (*strange, escaping):
        desk.objects.write("catalog.json", content)
        for word in ("push", "pull"):
            assert desk.told("there", word, exits=2)["error"]["code"] == "remote_damaged"
    desk.objects.write("catalog.json", whole.replace(b'"format": 1', b'"format": 9'))
    assert desk.told("there", "pull", exits=2)["error"]["code"] == "remote_newer"
    assert desk.lake("there").list() == ()


def test_for_people_the_tables_name_what_moved(desk: Desk) -> None:
    code, out, err = desk.run("here", "push")
    assert code == 0
    assert "venue:OTHER" in out
    assert err == "5 series moved, 0 were up to date.\n"
    assert desk.run("here", "push")[1:] == ("", "0 series had to move, 5 were up to date.\n")


def test_a_folder_is_a_place_too(desk: Desk) -> None:
    place = str(desk.folder / "archive")
    desk.environment.setenv("KARAT_HOME", str(desk.folder / "here"))
    assert main(["data", "push", place]) == 0
    desk.environment.setenv("KARAT_HOME", str(desk.folder / "there"))
    assert main(["data", "pull", place]) == 0
    assert same(desk.lake("here"), desk.lake("there"))
    assert {path.parent.name for path in Path(place).rglob("*.parquet")} >= {"candles.venue.OTHER.1h"}
    assert not (desk.folder / "there" / "incoming").exists()
