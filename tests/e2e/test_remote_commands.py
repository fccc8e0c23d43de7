"""karat data push, pull and sync against an S3 server over HTTP: what moves, and what does not. It is moto, not AWS."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.e2e.remote_desk import OTHER, Desk, hashes, same
from tests.unit.lake.bars import MARKET, bars, without
from tests.unit.lake.rows import TRADES, trades

from karat.app.main import main
from karat.core.time import HOUR_MS
from karat.ports.lake import Quality


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
