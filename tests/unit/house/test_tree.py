"""What no tracked file may hold: places of one machine, hosts of package registries, unfinished work."""

from __future__ import annotations

import re
import tomllib

import pytest
from tests.unit.house.tree import ROOT, name_of, texts, tracked_files

# Written in two halves, so that this file passes its own test.
MACHINE_PLACES = re.compile(r"(?<![\w.$})~])/(?:ro" + r"ot|wo" + r"rk|ho" + r"me/\w+|Us" + r"ers/\w+)/")
REGISTRY_HOSTS = re.compile(
    r"(?:py" + r"pi\.org|pythonho" + r"sted\.org|registry\.n" + r"pmjs|registry\.ya" + r"rnpkg)"
)
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
FLOORS = {"app", "api", "control", "ingest", "bots", "research", "lake", "journal", "venues", "feeds", "ports"}


@pytest.mark.parametrize("forbidden", [MACHINE_PLACES, REGISTRY_HOSTS, UNFINISHED], ids=["places", "hosts", "stubs"])
def test_no_tracked_file_holds_it(forbidden: re.Pattern[str]) -> None:
    found = [
        f"{name}:{text[: match.start()].count(chr(10)) + 1}: {match.group()}"
        for name, text in texts()
        for match in forbidden.finditer(text)
    ]
    assert found == []


def test_the_patterns_find_what_they_are_for() -> None:
    assert MACHINE_PLACES.search("cd /ro" + "ot/karat")
    assert not MACHINE_PLACES.search("docs/work/notes and $HOME/root/")
    assert REGISTRY_HOSTS.search("https://py" + "pi.org/simple")
    assert UNFINISHED.search("# TO" + "DO later")


def test_no_large_or_built_file_is_tracked() -> None:
    large = {name_of(path): path.stat().st_size for path in tracked_files() if path.stat().st_size > 1_000_000}
    assert large == {}
    assert [name_of(path) for path in tracked_files() if path.suffix in {".pyc", ".nbi", ".nbc", ".so"}] == []


def test_every_room_stands_on_a_floor() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
    floors = {room.strip().removeprefix("karat.") for layer in contract["layers"] for room in layer.split("|")}
    rooms = {path.parent.name for path in (ROOT / "src" / "karat").glob("*/__init__.py")}
    assert rooms == floors
    assert floors > FLOORS


def test_the_locks_pin_every_package_with_its_hashes() -> None:
    for name in ("run", "test", "bench"):
        text = (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")
        entries = re.findall(r"^(\S.*?) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)
        assert "".join(f"{head} \\\n{hashes}" for head, hashes in entries) == text
        assert all(re.match(r"[a-z0-9.-]+==\S+( ; .+)?$", head) for head, _ in entries)
