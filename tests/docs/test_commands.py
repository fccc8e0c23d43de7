"""Every command in the README and the pages works as shown; nothing that they name is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.docs.console import Command, missing_output, perform, run_command, steps_of

from karat.app.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
NOT_RUN = {  # what is only shown: whole days of work for make, what runs until it is stopped, what wants a vendor
    "karat bots run --live",
    "karat calibrate --out docs/results/calibration.md",
    "karat data download binance_perp:BTCUSDT binance_perp:ETHUSDT --timeframe 1h,1d",
    "karat data download bybit_perp:BTCUSDT --timeframe 1m --from 2024-01-01 --to 2024-07-01",
    "karat data listings binance_perp bybit_perp",
    "karat data stream binance_perp:BTCUSDT --bars 1m,5m,renko:atr14",
    "karat data stream binance_perp:BTCUSDT --kinds trades,book",
    "karat data stream binance_perp:BTCUSDT binance_perp:ETHUSDT --kinds all --every 5s",
    "karat serve --live",
    "make run",
    "make test",
}
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_NAMED_COMMAND = re.compile(r"`karat ((?:[a-z]+ ?)+)")
_NAMED_PATH = re.compile(r"`((?:src|tests|docs|scripts|bench|web|requirements)/[\w./*-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_the_commands_of_a_page_do_what_it_shows(
    page: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    steps = steps_of(page)
    if not steps:
        return
    places = {str(home): "~/.karat", str(tmp_path): "."}
    if "$KARAT_SHARED" in page.read_text(encoding="utf-8"):
        shared = request.getfixturevalue("shared")
        monkeypatch.setenv("KARAT_SHARED", str(shared))
        places[str(shared)] = "$KARAT_SHARED"
    monkeypatch.chdir(tmp_path)
    for step in steps:
        if not isinstance(step, Command):
            perform(step)
        elif step.runs:
            code, printed = run_command(step, places)
            told = "\n".join([f"{page.name}:{step.line}: {step.text}", *printed])
            assert code == step.exits, told
            assert missing_output(step, printed) == [], told


def test_only_what_takes_long_is_not_run() -> None:
    shown = {step.text for page in PAGES for step in steps_of(page) if isinstance(step, Command) and not step.runs}
    assert shown == NOT_RUN
    lasting = r"make |karat (serve|run|calibrate|bots run --live|data (download|listings|stream))\b"
    assert all(re.match(lasting, text) for text in shown)


def test_no_command_hides_outside_a_console() -> None:
    for page in PAGES:
        consoles = re.sub(r"^```console.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        hidden = re.findall(r"^\s*\$ .*$", consoles, flags=re.MULTILINE)
        assert hidden == [], page.name


def test_every_command_that_is_named_exists() -> None:
    known = {command.name for command in COMMANDS}
    for page in PAGES:
        for words in _NAMED_COMMAND.findall(page.read_text(encoding="utf-8")):
            said = words.split()
            assert {" ".join(said[:1]), " ".join(said[:2])} & known, f"{page.name}: karat {words}"


def test_every_command_is_explained() -> None:
    everything = " ".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [command.name for command in COMMANDS if f"karat {command.name}" not in everything] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_and_named_files_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name} links to {target}"
        assert not heading or heading in _headings(file), f"{page.name} links to {target}"
    for path in _NAMED_PATH.findall(text):
        there = list(ROOT.glob(path.rstrip("/"))) if "*" in path else [ROOT / path]
        assert there and all(one.exists() for one in there), f"{page.name} names {path}"


def test_a_page_that_shows_another_output_is_found() -> None:
    command = Command(1, "karat data list", 0, ("│ a │ 1 │", "..."), runs=True)
    assert missing_output(command, ["┃ a ┃ 1 ┃"]) == []
    assert missing_output(command, ["a 2"]) == ["│ a │ 1 │"]


def _headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
