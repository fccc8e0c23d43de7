"""What every place for objects does, a folder and S3 over HTTP alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.s3_server import KEYS, S3Server, running_server

from karat.core.errors import RetryLater
from karat.lake.remote.folder import FolderObjects
from karat.lake.remote.s3 import PART_BYTES, S3Objects
from karat.ports.objects import Objects


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with running_server(tmp_path_factory.mktemp("s3")) as started:
        yield started


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Objects:
    if request.param == "folder":
        return FolderObjects(tmp_path / "place")
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return S3Objects(server.new_bucket(), "some/prefix", server.url)


def test_an_object_that_was_written_is_read_and_listed(place: Objects) -> None:
    assert place.sizes() == {}
    place.write("a/one", b"first")
    place.write("a/two", b"second!")
    held = place.read("a/one")
    assert held is not None
    assert held.content == b"first"
    assert place.sizes() == {"a/one": 5, "a/two": 7}


def test_an_object_that_is_not_there_is_none(place: Objects) -> None:
    assert place.read("a/none") is None


def test_writing_again_puts_the_new_bytes_in_the_place_of_the_old(place: Objects) -> None:
    place.write("a", b"old")
    place.write("a", b"newer")
    held = place.read("a")
    assert held is not None
    assert held.content == b"newer"


def test_objects_that_are_removed_are_gone_and_others_stay(place: Objects) -> None:
    for key in ("a", "b", "c"):
        place.write(key, b"x")
    place.delete(["a", "c", "never there"])
    assert place.sizes() == {"b": 1}


def test_the_first_of_two_writers_wins(place: Objects) -> None:
    place.replace("catalog", b"1", None)
    with pytest.raises(RetryLater) as refused:
        place.replace("catalog", b"2", None)
    assert refused.value.code == "remote_changed"
    first = place.read("catalog")
    assert first is not None
    place.replace("catalog", b"3", first.version)
    with pytest.raises(RetryLater):
        place.replace("catalog", b"4", first.version)
    last = place.read("catalog")
    assert last is not None
    assert (last.content, last.version != first.version) == (b"3", True)


def test_a_large_object_arrives_whole(place: Objects) -> None:
    content = bytes(range(256)) * (2 * PART_BYTES // 256) + b"the end"
    place.write("large", content)
    held = place.read("large")
    assert held is not None
    assert held.content == content


def test_large_objects_go_to_s3_in_parts_and_small_ones_do_not(
    server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    bucket = server.new_bucket()
    place = S3Objects(bucket, "", server.url)
    place.write("large", b"x" * (2 * PART_BYTES + 1))
    place.write("small", b"x" * PART_BYTES)
    tags = server.objects(bucket)
    assert tags["large"].endswith("-3")
    assert "-" not in tags["small"]
