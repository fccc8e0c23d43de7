"""A backup holds what cannot be made anew, is checked before older ones go, and damage is found before it is used."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.bots.fleet import Desk, demo

from karat.app import backup_databases, backup_files
from karat.app.backup_databases import connection_settings, copy_database, is_sound, postgresql_url
from karat.app.backup_files import FILES, MANIFEST, Manifest
from karat.app.backup_making import backups_in, make_backup
from karat.app.backup_restoring import find_backup, restore
from karat.app.key_ring import open_secrets
from karat.core.errors import KaratError
from karat.journal import open_journal

CANARY = "canary-5d41402abc4b2a76"


@pytest.fixture
def there(home: Path, tmp_path: Path) -> Path:
    """A home with a bot, a secret, a strategy and what can be made anew; the folder for its backups."""
    desk = Desk(home, *demo(10))
    desk.create("ada")
    desk.journal.close()
    open_secrets().put("API", CANARY)
    for name in ("strategies/mine.py", "cache/kernel.nbi", "logs/serve.log", "token", "jobs/a/state.json.part"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)
    return tmp_path / "backups"


def backed_up(
    home: Path, folder: Path, *, with_data: bool = False, kept: int = 7, now_ms: int = 0
) -> tuple[Path, Manifest]:
    place, manifest, _ = make_backup(home, folder, with_data=with_data, kept=kept, now_ms=now_ms)
    return place, manifest


def refusal(backup: Path, home: Path) -> str:
    with pytest.raises(KaratError) as refused:
        restore(backup, home)
    assert not home.exists() or list(home.iterdir()) == []
    assert not list(home.parent.glob(".*-restoring"))
    return refused.value.code


def test_what_cannot_be_made_anew_is_in_it_and_no_key(there: Path, home: Path, tmp_path: Path) -> None:
    place, manifest = backed_up(home, there)
    assert place.name == "karat-19700101T000000Z" and stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {one.path for one in manifest.files} == {"journal.db", "secrets.json", "strategies/mine.py"}
    assert {one.path for one in manifest.left_out} == {"cache", "logs", "token"}
    content = b"".join(path.read_bytes() for path in place.rglob("*") if path.is_file())
    key = Path(os.environ["KARAT_SECRET_KEY_FILE"]).read_bytes().split()[1]
    assert CANARY.encode() not in content and key not in content
    restore(place, tmp_path / "new")
    assert stat.S_IMODE((tmp_path / "new" / "secrets.json").stat().st_mode) == 0o600
    journal = open_journal(tmp_path / "new")
    assert [bot.name for bot in journal.bots()] == ["ada"]
    journal.close()


def test_a_key_that_lies_in_the_home_after_all_is_left_out(there: Path, home: Path) -> None:
    shutil.copy(os.environ["KARAT_SECRET_KEY_FILE"], home / "strategies" / "copy.txt")
    _, manifest = backed_up(home, there)
    assert ("strategies/copy.txt", "a key of secrets: keep a copy elsewhere") in {
        (one.path, one.why) for one in manifest.left_out
    }


def test_secrets_open_after_a_restore_with_the_same_key(
    there: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, _ = backed_up(home, there)
    restore(place, tmp_path / "new")
    monkeypatch.setenv("KARAT_HOME", str(tmp_path / "new"))
    assert open_secrets().get("API").reveal() == CANARY


def test_seven_are_kept_and_older_ones_go_only_after_the_new_one_is_there(there: Path, home: Path) -> None:
    made = [backed_up(home, there, now_ms=1000 * number)[0] for number in range(9)]
    assert backups_in(there) == made[2:]
    (home / "journal.db").write_bytes(b"SQLite format 3\0 and nothing that follows from it" * 100)
    with pytest.raises(KaratError) as refused:
        backed_up(home, there, kept=1, now_ms=99_000)
    assert refused.value.code == "database_damaged"
    assert backups_in(there) == made[2:] and not list(there.glob(".karat-building"))


def test_a_backup_that_is_not_whole_replaces_none(there: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = backed_up(home, there)
    whole = backup_files.copy_file

    def torn(source: Path, target: Path) -> tuple[int, str]:
        told = whole(source, target)
        target.write_bytes(b"")
        return told

    monkeypatch.setattr("karat.app.backup_making.copy_file", torn)
    with pytest.raises(KaratError) as refused:
        backed_up(home, there, kept=1, now_ms=9_000)
    assert refused.value.code == "backup_damaged" and backups_in(there) == [first]


@pytest.mark.parametrize("what", ["changed", "cut", "missing", "added", "linked", "manifest", "resealed path"])
def test_damage_is_found_and_nothing_is_written(there: Path, home: Path, tmp_path: Path, what: str) -> None:
    place, _ = backed_up(home, there)
    file, manifest = place / FILES / "strategies" / "mine.py", place / MANIFEST
    if what == "changed":
        file.write_text(file.read_text().upper())
    elif what == "cut":
        file.write_text("s")
    elif what == "missing":
        file.unlink()
    elif what == "added":
        file.with_name("more.py").write_text("")
    elif what == "linked":
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")
    elif what == "manifest":
        manifest.write_text(manifest.read_text().replace("mine.py", "your.py"))
    else:
        told = json.loads(manifest.read_text())
        told.pop("sum")
        told["files"][0]["path"] = "../outside"
        manifest.write_text(json.dumps({**told, "sum": backup_files._sum(told)}))
    assert refusal(place, tmp_path / "new") == "backup_damaged"


def test_a_database_that_is_not_sound_is_found_though_its_hash_fits(there: Path, home: Path, tmp_path: Path) -> None:
    place, _ = backed_up(home, there)
    file = place / FILES / "journal.db"
    raw = bytearray(file.read_bytes())
    raw[2048:6144] = b"\xff" * 4096
    file.write_bytes(raw)
    told = json.loads((place / MANIFEST).read_text())
    told.pop("sum")
    for one in told["files"]:
        if one["path"] == "journal.db":
            one["bytes"], one["sha256"] = backup_files.hash_of(file)
    (place / MANIFEST).write_text(json.dumps({**told, "sum": backup_files._sum(told)}))
    assert refusal(place, tmp_path / "new") == "backup_damaged"


def test_a_newer_one_an_occupied_home_and_none_are_refused(
    there: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, _ = backed_up(home, there)
    for name, value in (("FORMAT", 0), ("__version__", "0.0.9")):
        with monkeypatch.context() as older:
            older.setattr(backup_files, name, value)
            assert refusal(place, tmp_path / "new") == "backup_newer"
    before = (home / "journal.db").read_bytes()
    with pytest.raises(KaratError) as refused:
        restore(place, home)
    assert refused.value.code == "home_occupied" and (home / "journal.db").read_bytes() == before
    assert refusal(tmp_path, tmp_path / "new") == "no_backup"
    (tmp_path / "new").mkdir()
    restore(place, tmp_path / "new")
    for named in ("latest", place.name, str(place)):
        assert find_backup(named, there) == place
    with pytest.raises(KaratError, match="There is no backup 'other'"):
        find_backup("other", there)


def test_a_journal_of_a_newer_karat_is_refused_before_it_is_put_there(there: Path, home: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(home / "journal.db")) as database:
        database.execute("PRAGMA user_version = 999")
    place, _ = backed_up(home, there)
    assert refusal(place, tmp_path / "new") == "journal_newer"


def test_a_place_within_the_home_and_a_home_that_is_not_there_are_refused(
    there: Path, home: Path, tmp_path: Path
) -> None:
    for source, folder, code in (
        (home, home / "copies", "backups_in_home"),
        (tmp_path / "x", there, "nothing_to_back_up"),
    ):
        with pytest.raises(KaratError) as refused:
            backed_up(source, folder)
        assert refused.value.code == code
    assert not (home / "copies").exists()


def test_a_database_is_copied_as_of_one_moment_while_its_log_holds_the_newest(tmp_path: Path) -> None:
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    with closing(sqlite3.connect(source, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE kept (number INTEGER)")
        database.execute("INSERT INTO kept VALUES (1)")
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO kept VALUES (2)")
        copy_database(source, target)
        database.execute("COMMIT")
    assert is_sound(target) and sorted(path.name for path in tmp_path.iterdir()) == ["a.db", "b.db"]
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT number FROM kept").fetchall() == [(1,)]


def test_a_password_reaches_the_tools_of_postgresql_by_the_environment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql+psycopg://ada:p%40ss%20word@db.example:5433/karat?sslmode=require"
    assert postgresql_url({"KARAT_JOURNAL_URL": url}) == url
    assert postgresql_url({"KARAT_JOURNAL_URL": "sqlite:///x"}) is None and postgresql_url({}) is None
    assert connection_settings(url) == {
        "PGHOST": "db.example", "PGPORT": "5433", "PGUSER": "ada", "PGPASSWORD": "p@ss word", "PGDATABASE": "karat",
        "PGSSLMODE": "require",
    }  # fmt: skip
    for wrong in ("postgresql://host", "postgresql://host/db?unknown=1", "postgresql://host:port/db"):
        with pytest.raises(KaratError) as refused:
            connection_settings(wrong)
        assert refused.value.code == "bad_journal_url"
    monkeypatch.setenv("PATH", "")
    with pytest.raises(KaratError) as refused:
        backup_databases.dump_postgresql(url, tmp_path / "dump")
    assert refused.value.code == "tool_missing" and "word" not in str(refused.value)
