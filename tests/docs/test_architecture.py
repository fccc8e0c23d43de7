"""The page about the house says what the house is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from karat.core.indicators.catalogue import CATALOGUE
from karat.core.model.policy import Policy

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_floors_are_those_of_the_contract() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = [{room.strip().removeprefix("karat.") for room in layer.split("|")} for layer in contract[0]["layers"]]
    rows = re.findall(r"^\| (\d) \| (.+) \|$", PAGE, flags=re.MULTILINE)
    assert [int(floor) for floor, _ in rows] == list(reversed(range(len(layers))))
    assert [set(re.findall(r"`(\w+)`", rooms)) for _, rooms in rows] == layers


def test_every_room_is_described_and_no_other() -> None:
    rooms = {path.parent.name for path in (ROOT / "src" / "karat").glob("*/__init__.py")}
    described = PAGE.partition("## What lives where")[2].partition("\nBeside")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", described, flags=re.MULTILINE)) == rooms


def test_every_indicator_is_listed() -> None:
    page = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")
    listed = page.partition("| group | names |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", listed)) == set(CATALOGUE)


def test_every_policy_field_that_is_named_exists() -> None:
    page = (ROOT / "docs" / "backtest.md").read_text(encoding="utf-8")
    table = page.partition("| you want | fields |")[2].partition("\n\n")[0]
    fields = set(Policy.__dataclass_fields__)
    assert set(re.findall(r"[` ](\w+)=", table)) <= fields


def test_every_folder_of_tests_is_described() -> None:
    page = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert {name for name in folders if f"| `tests/{name}` |" not in page} == set()


def test_every_target_of_make_is_described() -> None:
    page = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert [target for target in targets if f"`make {target}" not in page and target != "help"] == []
