"""karat data push, pull and sync when something is damaged, full, down or forbidden: one line, and nothing is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.e2e.remote_desk import Desk, same
from tests.s3_server import KEYS
from tests.unit.lake.bars import MARKET

from karat.app.main import main


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


def test_rows_damaged_on_this_disk_are_not_sent_and_a_pull_mends_them(desk: Desk) -> None:
    desk.told("here", "push")
    shutil.copytree(desk.folder / "here", desk.folder / "kept")
    (close,) = (desk.folder / "here").rglob("candles.venue.OTHER.1h.*/close.bin")
    content = bytearray(close.read_bytes())
    content[100] ^= 1
    close.write_bytes(content)
    told = desk.told("here", "push", "--replace", exits=2)
    assert (told["refused"], told["error"]["code"]) == (1, "series_quarantined")
    assert desk.told("here", "pull", "--replace")["taken"] == 1
    assert same(desk.lake("here"), desk.lake("kept"))


def test_a_pull_mends_what_is_in_quarantine_and_a_push_leaves_it_there(desk: Desk) -> None:
    desk.told("here", "push")
    shutil.copytree(desk.folder / "here", desk.folder / "kept")
    for close in (desk.folder / "here").rglob("close.bin"):
        close.unlink()
    assert len(desk.lake("here").prove()) > 1
    assert desk.told("here", "push")["refused"] == 0
    assert desk.told("here", "pull")["refused"] == 0
    assert desk.lake("here").quarantined() == ()
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
