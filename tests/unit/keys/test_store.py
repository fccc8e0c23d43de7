"""Secrets at rest: nobody reads them without the key, and whatever is wrong with file or key has a name."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest

from karat.core.errors import InputError, KaratError, NeedsOperator
from karat.keys import store
from karat.keys.sealing import SCRYPT_COST_MIN
from karat.keys.store import FILE_NAME, FolderSecrets, KeySource

VALUE = "canary-5d41402abc4b2a76"
PHRASE = "four words nobody says"


class Person:
    """Whoever is asked for a passphrase."""

    def __init__(self, phrase: str = PHRASE) -> None:
        self.phrase, self.asked = phrase, 0

    def __call__(self, new: bool) -> str:
        self.asked += 1
        return self.phrase


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase that is quickly stretched."""
    monkeypatch.setattr(store, "SCRYPT_COST", SCRYPT_COST_MIN)


def opened(folder: Path, person: Person | None = None, key: str = "secrets.key") -> FolderSecrets:
    source = KeySource(folder / key, person or Person())
    return FolderSecrets(folder / "home", source, lambda _: None, lambda: 1_700_000_000_000)


def refusal(folder: Path, person: Person | None = None, key: str = "secrets.key") -> str:
    with pytest.raises(KaratError) as refused:
        opened(folder, person, key).get("API")
    assert "canary" not in str(refused.value)
    return refused.value.code


def test_a_secret_is_kept_listed_replaced_and_removed(tmp_path: Path) -> None:
    secrets = opened(tmp_path)
    assert secrets.marks() == () and not (tmp_path / "home").exists()
    secrets.put("API", "the first value")
    secrets.put("API", VALUE)
    secrets.put("a.b-c_d", VALUE)
    assert opened(tmp_path).get("API").reveal() == VALUE
    assert [(mark.name, mark.set_ms) for mark in secrets.marks()] == [
        ("API", 1_700_000_000_000),
        ("a.b-c_d", 1_700_000_000_000),
    ]
    secrets.remove("API")
    with pytest.raises(InputError, match="no secret 'API'"):
        secrets.get("API")
    with pytest.raises(InputError, match="no secret 'API'"):
        secrets.remove("API")


def test_files_are_the_owner_s_alone_and_hold_no_byte_of_it(tmp_path: Path) -> None:
    opened(tmp_path).put("API", VALUE)
    file, key = tmp_path / "home" / FILE_NAME, tmp_path / "secrets.key"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, key)] == [0o600, 0o600]
    for form in (VALUE.encode(), base64.b64encode(VALUE.encode()), VALUE.encode().hex().encode()):
        assert form not in file.read_bytes() + key.read_bytes()


def test_the_same_value_twice_looks_different(tmp_path: Path) -> None:
    for name in ("ONE", "TWO"):
        opened(tmp_path).put(name, VALUE)
    sealed = json.loads((tmp_path / "home" / FILE_NAME).read_bytes())["secrets"]
    assert sealed["ONE"][1] != sealed["TWO"][1]


def test_a_passphrase_is_asked_for_once_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    opened(tmp_path).put("API", VALUE, by_passphrase=True)
    person = Person()
    secrets = opened(tmp_path, person)
    assert secrets.marks()[0].name == "API" and person.asked == 0
    assert [secrets.get("API").reveal() for _ in range(2)] == [VALUE, VALUE] and person.asked == 1
    assert not (tmp_path / "secrets.key").exists()
    assert refusal(tmp_path, Person("another four words")) == "wrong_key"


def test_another_key_a_damaged_key_and_no_key_are_told_apart(tmp_path: Path) -> None:
    opened(tmp_path).put("API", VALUE)
    other = tmp_path / "other"
    opened(other).put("API", VALUE)
    key = tmp_path / "secrets.key"
    right = key.read_bytes()
    key.write_bytes((other / "secrets.key").read_bytes())
    assert refusal(tmp_path) == "wrong_key"
    for damage in (b"", right[:20], b"\xff" + right, right.replace(b"karat-key-1", b"")):
        key.write_bytes(damage)
        assert refusal(tmp_path) == "key_damaged"
    key.unlink()
    assert refusal(tmp_path) == "key_file_missing"
    key.write_bytes(right)
    key.chmod(0o640)
    assert refusal(tmp_path) == "loose_permissions"
    key.chmod(0o600)
    assert opened(tmp_path).get("API").reveal() == VALUE


@pytest.mark.parametrize("place", ["secrets", "check", "format", "salt", "sum"])
def test_any_change_to_the_file_is_damage(tmp_path: Path, place: str) -> None:
    opened(tmp_path).put("API", VALUE)
    path = tmp_path / "home" / FILE_NAME
    told = json.loads(path.read_bytes())
    told[place] = {"secrets": {}, "check": "AAAA", "format": 2, "salt": "AAAA", "sum": "0"}[place]
    path.write_text(json.dumps(told))
    assert refusal(tmp_path) == "secrets_damaged"
    path.write_bytes(b"{")
    assert refusal(tmp_path) == "secrets_damaged"
    with pytest.raises(NeedsOperator):
        opened(tmp_path).put("OTHER", VALUE)
    assert path.read_bytes() == b"{"


def test_a_value_moved_under_another_name_does_not_open(tmp_path: Path) -> None:
    from karat.keys.document import read_document, write_document

    for name, value in (("API", VALUE), ("OTHER", "another value")):
        opened(tmp_path).put(name, value)
    path = tmp_path / "home" / FILE_NAME
    document = read_document(path)
    assert document is not None
    document.sealed["API"] = document.sealed["OTHER"]
    write_document(path, document)
    assert refusal(tmp_path) == "secrets_damaged"


def test_a_file_that_others_may_read_and_a_newer_one_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from karat.keys import document

    opened(tmp_path).put("API", VALUE)
    path = tmp_path / "home" / FILE_NAME
    path.chmod(0o644)
    assert refusal(tmp_path) == "loose_permissions"
    path.chmod(0o600)
    monkeypatch.setattr(document, "FORMAT", 0)
    assert refusal(tmp_path) == "secrets_newer"


def test_a_new_key_opens_what_is_there_and_the_earlier_one_opens_earlier_copies(tmp_path: Path) -> None:
    secrets, path, key = opened(tmp_path), tmp_path / "home" / FILE_NAME, tmp_path / "secrets.key"
    secrets.put("API", VALUE)
    before, key_before = path.read_bytes(), key.read_bytes()
    assert secrets.rekey(by_passphrase=False) == 1
    assert opened(tmp_path).get("API").reveal() == VALUE
    after = path.read_bytes()
    path.write_bytes(before)
    assert opened(tmp_path).get("API").reveal() == VALUE
    path.write_bytes(after)
    key.write_bytes(key_before)
    assert refusal(tmp_path) == "wrong_key"


def test_from_a_key_file_to_a_passphrase_and_back(tmp_path: Path) -> None:
    opened(tmp_path).put("API", VALUE)
    opened(tmp_path).rekey(by_passphrase=True)
    (tmp_path / "secrets.key").unlink()
    assert opened(tmp_path).get("API").reveal() == VALUE
    opened(tmp_path).rekey(by_passphrase=False)
    nobody = Person("nobody is there to say it")
    assert opened(tmp_path, nobody).get("API").reveal() == VALUE and nobody.asked == 0


def test_a_key_file_within_the_home_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        opened(tmp_path, key="home/secrets.key").put("API", VALUE)
    assert refused.value.code == "key_in_home"
    assert not (tmp_path / "home" / FILE_NAME).exists()


@pytest.mark.parametrize("name", ["", "1A", "A B", "A/B", "../A", "A" * 65, "é", "A\n"])
def test_names_are_checked_and_not_repeated(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as refused:
        opened(tmp_path).put(name, VALUE)
    assert refused.value.code == "bad_secret_name" and (len(name) < 2 or name not in str(refused.value))


@pytest.mark.parametrize("value", ["", "1234567", "x" * 16_385, "nul\0nul\0nul"])
def test_values_that_are_none_are_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(InputError) as refused:
        opened(tmp_path).put("API", value)
    assert refused.value.code == "bad_secret"
