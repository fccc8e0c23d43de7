"""Addresses of places and who we are to them; what is refused never repeats what may be secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from karat.core.errors import InputError
from karat.lake.remote.credentials import s3_config
from karat.lake.remote.folder import FolderObjects
from karat.lake.remote.places import open_place


def test_a_path_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    place = open_place("archive")
    assert isinstance(place, FolderObjects)
    assert place.name == str(tmp_path / "archive")


def test_a_bucket_with_a_prefix_is_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    with pytest.raises(InputError) as refused:
        open_place("s3://bucket/a")
    assert refused.value.code == "no_credentials"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    assert open_place("s3://bucket/a/b/").name == "s3://bucket/a/b"
    assert open_place("s3://bucket", "http://127.0.0.1:9").name == "s3://bucket"


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        ("", None),
        ("s3://", None),
        ("s3://UPPER/x", None),
        ("s3://bucket/../other", None),
        ("s3://bucket/a b", None),
        ("s3:/bucket", None),
        ("gs://bucket/x", None),
        ("s3://key:hunter2@bucket/x", None),
        ("s3://bucket/x", "http://key:hunter2@host"),
        ("s3://bucket/x", "hunter2"),
        ("folder", "http://host"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(address: str, endpoint: str | None) -> None:
    with pytest.raises(InputError) as refused:
        open_place(address, endpoint)
    assert refused.value.code == "bad_address"
    assert "hunter2" not in str(refused.value)


def write(folder: Path, name: str, text: str) -> None:
    (folder / ".aws").mkdir(exist_ok=True)
    (folder / ".aws" / name).write_text(text)


def test_variables_win_over_files(tmp_path: Path) -> None:
    write(tmp_path, "credentials", "[default]\naws_access_key_id = file\naws_secret_access_key = s\n")
    variables = {"AWS_ACCESS_KEY_ID": "variable", "AWS_REGION": "eu-north-1", "AWS_ENDPOINT_URL": "http://host"}
    assert s3_config(variables, tmp_path) == {"region": "eu-north-1", "endpoint": "http://host"}


def test_the_profile_is_read_from_both_files(tmp_path: Path) -> None:
    write(tmp_path, "credentials", "[mine]\naws_access_key_id = k\naws_secret_access_key = 100%done\n")
    write(tmp_path, "config", "[default]\nregion = us-east-1\n[profile mine]\nregion = eu-west-2\n")
    found = s3_config({"AWS_PROFILE": "mine"}, tmp_path)
    assert found == {"access_key_id": "k", "secret_access_key": "100%done", "region": "eu-west-2"}


def test_a_profile_that_is_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        s3_config({"AWS_PROFILE": "none"}, tmp_path)
    assert refused.value.code == "bad_profile"


def test_a_file_that_cannot_be_read_is_named_and_not_quoted(tmp_path: Path) -> None:
    write(tmp_path, "credentials", "aws_secret_access_key = hunter2\n")
    with pytest.raises(InputError) as refused:
        s3_config({}, tmp_path)
    assert refused.value.code == "bad_profile"
    assert "hunter2" not in str(refused.value)


def test_without_a_key_the_machine_is_asked_unless_that_is_forbidden(tmp_path: Path) -> None:
    assert s3_config({}, tmp_path) == {}
    with pytest.raises(InputError) as refused:
        s3_config({"AWS_EC2_METADATA_DISABLED": "true"}, tmp_path)
    assert refused.value.code == "no_credentials"
    assert s3_config({"AWS_EC2_METADATA_DISABLED": "true", "AWS_SKIP_SIGNATURE": "true"}, tmp_path) == {}
