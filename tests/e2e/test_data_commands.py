"""karat data, as a person or a script runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.unit.ingest.market_files import csv_rows, csv_text, place
from tests.unit.lake.bars import START

from karat.app.main import main
from karat.core.time import HOUR_MS
from karat.lake.store import open_lake

PACKAGE = Path(__file__).resolve().parents[2] / "src"


class Ran(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


class Terminal:
    """Runs `karat` with a home of its own: in this process, or launched as its own."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.capture = capture

    def run(self, *words: object) -> Ran:
        self.capture.readouterr()
        code = main([str(word) for word in words])
        return Ran(code, *self.capture.readouterr())

    def launch(self, *words: object, program: tuple[str, ...] = ("-m", "karat.app")) -> Ran:
        environment = {**os.environ, "KARAT_HOME": str(self.home), "PYTHONPATH": str(PACKAGE)}
        command = [sys.executable, *program, *map(str, words)]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return Ran(run.returncode, run.stdout, run.stderr)

    def file(self, rows: list[str], name: str = "BTCUSDT.csv") -> Path:
        return place(self.folder / "in", csv_text(rows), name=name)


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    monkeypatch.setenv("KARAT_HOME", str(tmp_path / "home"))
    return Terminal(tmp_path, capsys)


def test_import_and_list_as_json(terminal: Terminal) -> None:
    path = terminal.file(csv_rows(50))
    run = terminal.launch("data", "import", path, "--json")
    assert (run.returncode, run.stderr) == (0, "")
    told = json.loads(run.stdout)
    assert (told["imported"], told["unchanged"], told["refused"], told["skipped"]) == (1, 0, 0, 0)
    assert told["files"][0]["path"] == str(path)
    assert told["files"][0]["added"] == 50
    assert "error" not in told

    run = terminal.launch("data", "list", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    (entry,) = json.loads(run.stdout)
    quality = entry.pop("quality")
    assert entry == {
        "market": "binance_perp:BTCUSDT",
        "timeframe": "1h",
        "first": START,
        "last": START + 49 * HOUR_MS,
        "rows": 50,
        "holes": 0,
        "hash": told["files"][0]["hash"],
        "anchor": START,
        "vault_start": START + 40 * HOUR_MS,
        "sessions": False,
        "funding": False,
        "mark": False,
    }
    assert quality["grade"] == "clean"
    assert quality["sources"] == ["binance_perp/1h/BTCUSDT.csv"]


def test_tables_for_people(terminal: Terminal) -> None:
    path = terminal.file(csv_rows(50))
    run = terminal.run("data", "import", path)
    assert (run.returncode, run.stderr) == (0, "")
    assert "binance_perp:BTCUSDT" in run.stdout
    run = terminal.run("data", "list")
    assert run.returncode == 0
    assert "2024-01-03T01:00:00Z" in run.stdout


def test_an_empty_lake_lists_nothing(terminal: Terminal) -> None:
    run = terminal.run("data", "list")
    assert (run.returncode, run.stdout) == (0, "")
    assert len(run.stderr.splitlines()) == 1
    assert json.loads(terminal.run("data", "list", "--json").stdout) == []
    assert not terminal.home.exists()


def test_a_refused_file_is_one_line_with_file_and_line(terminal: Terminal) -> None:
    rows = csv_rows(20)
    path = terminal.file(rows[:7] + rows[8:])
    run = terminal.run("data", "import", path)
    assert (run.returncode, run.stdout) == (2, "")
    assert len(run.stderr.splitlines()) == 1
    assert f"{path}:9" in run.stderr
    assert "--accept holes" in run.stderr
    assert terminal.run("data", "import", path, "--accept", "gaps,duplicates").returncode == 0


def test_a_refused_file_as_json_names_code_message_and_hint(terminal: Terminal) -> None:
    rows = csv_rows(20)
    terminal.file(rows[:7] + rows[8:], "BAD.csv")
    terminal.file(rows, "GOOD.csv")
    run = terminal.run("data", "import", terminal.folder / "in", "--json")
    told = json.loads(run.stdout)
    assert (run.returncode, run.stderr) == (2, "")
    assert set(told["error"]) == {"code", "message", "hint"}
    assert told["error"]["code"] == "holes"
    assert [(file["status"], file["market"]) for file in told["files"]] == [
        ("refused", "binance_perp:BAD"),
        ("imported", "binance_perp:GOOD"),
    ]
    assert told["files"][0]["error"]["line"] == 9


BAD_COMMANDS = {
    "an unknown command": (("dta",), "bad_command"),
    "an unknown command of a group": (("data", "lst"), "bad_command"),
    "an unknown option": (("data", "list", "--colour"), "bad_command"),
    "an option without its value": (("data", "import", "x.csv", "--market"), "bad_command"),
    "no path": (("data", "import"), "no_path"),
    "a path that is not there": (("data", "import", "no.csv"), "path_not_found"),
    "a market that is none": (("data", "import", "no.csv", "--market", "BTCUSDT"), "bad_market"),
    "a timeframe that is none": (("data", "import", "no.csv", "--timeframe", "hourly"), "bad_timeframe"),
    "a defect that is none": (("data", "import", "no.csv", "--accept", "lies"), "unknown_defect"),
}


@pytest.mark.parametrize("name", BAD_COMMANDS)
def test_bad_commands_are_one_line_and_exit_2(terminal: Terminal, name: str) -> None:
    words, code = BAD_COMMANDS[name]
    run = terminal.run(*words)
    assert (run.returncode, run.stdout) == (2, "")
    assert len(run.stderr.splitlines()) == 1
    run = terminal.run(*words[:1], *words[1:2], "--json", *words[2:])
    assert (run.returncode, run.stderr) == (2, "")
    told = json.loads(run.stdout)["error"]
    assert told["code"] == code
    assert told["hint"]
    assert not terminal.home.exists()


def test_help_needs_no_heavy_library(terminal: Terminal) -> None:
    program = (
        "import sys; from karat.app.main import main; code = main(sys.argv[1:]); "
        "print(sorted({'numba', 'polars', 'fastapi'} & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    for words in (["--help"], ["data", "--help"], ["data", "import", "--help"], ["data", "list", "--json"]):
        run = terminal.launch(*words, program=("-c", program))
        assert (run.returncode, run.stderr.strip()) == (0, "[]"), words
        assert run.stdout


def test_all_shared_candles_and_equities_import_with_one_command(terminal: Terminal, shared: Path) -> None:
    folders = (shared / "data" / "candles", shared / "data" / "equities")
    run = terminal.run("data", "import", *folders, "--accept", "holes", "--json")
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["refused"] == 0
    assert (told["skipped"], {file["kind"] for file in told["files"]}) == (0, {"candles", "actions"})
    facts = {item["file"]: item for item in json.loads((shared / "data" / "manifest.json").read_text())["files"]}
    entries = {(entry.market, entry.timeframe_ms): entry for entry in open_lake(terminal.home).list()}
    for file in told["files"]:
        name = Path(file["path"]).relative_to(shared / "data").as_posix()
        if file["kind"] == "candles":
            assert file["added"] == facts[name]["rows"], name
    assert entries[("binance_spot:BTCUSDT", HOUR_MS)].holes == 27
    assert entries[("binance_spot:BTCUSDT", HOUR_MS)].quality.missing_bars == 122
    assert entries[("us:SPY", HOUR_MS)].holes == 0
    again = json.loads(terminal.run("data", "import", *folders, "--accept", "holes", "--json").stdout)
    assert (again["imported"], again["unchanged"]) == (0, told["imported"])


def test_shared_funding_and_mark_prices_import(terminal: Terminal, shared: Path) -> None:
    data = shared / "data"
    run = terminal.run("data", "import", data / "funding" / "binance_perp", data / "mark", "--json")
    assert run.returncode == 0, run.stdout
    funding = open_lake(terminal.home).funding("binance_perp:BTCUSDT")
    assert len(funding.ts) == 6914
    assert not (funding.ts % 60_000).any()
    in_2023 = funding.ts >= 1_672_531_200_000
    assert (funding.mark[in_2023] > 0).all()


def test_a_launched_command_that_fails_exits_with_2(terminal: Terminal) -> None:
    run = terminal.launch("data", "import", "no.csv")
    assert (run.returncode, run.stdout) == (2, "")
    assert len(run.stderr.splitlines()) == 1


def test_a_home_that_is_no_folder_is_one_line(terminal: Terminal) -> None:
    terminal.home.write_text("a file where the home should be")
    path = terminal.file(csv_rows(5))
    for words in (("data", "list"), ("data", "import", path)):
        run = terminal.run(*words)
        assert (run.returncode, run.stdout) == (2, ""), words
        assert len(run.stderr.splitlines()) == 1
        assert "KARAT_HOME" in run.stderr


def test_an_interrupted_command_exits_with_130_and_changes_nothing(terminal: Terminal) -> None:
    path = terminal.file(csv_rows(50))
    program = (
        "import signal, sys; from karat.app.main import main; "
        "sys.addaudithook(lambda event, told: event == 'open' and str(told[0]).endswith('close.bin') "
        "and signal.raise_signal(signal.SIGINT)); sys.exit(main(sys.argv[1:]))"
    )
    run = terminal.launch("data", "import", path, program=("-c", program))
    assert run.returncode == 130
    assert open_lake(terminal.home).list() == ()


def test_a_damaged_series_is_listed_in_red_and_mended_by_an_import_that_replaces(terminal: Terminal) -> None:
    good = terminal.file(csv_rows(48))
    other = place(terminal.folder / "other", csv_text(csv_rows(24)), name="ETHUSDT.csv")
    assert terminal.run("data", "import", good, other).returncode == 0
    before = json.loads(terminal.run("data", "list", "--json").stdout)
    market = before[0]["market"]
    os.truncate(next((terminal.home / "lake").rglob("candles.*BTCUSDT.1h*/close.bin")), 100)
    assert terminal.run("data", "repair").returncode == 2
    listed = json.loads(terminal.run("data", "list", "--json").stdout)
    assert [one["market"] for one in listed if "quarantined" not in one] == [before[1]["market"]]
    (lost,) = [one for one in listed if "quarantined" in one]
    assert (lost["market"], lost["timeframe"], lost["rows"]) == (market, "1h", 48)
    assert "in quarantine" in terminal.run("data", "list").stdout
    refused = terminal.run("data", "import", good)
    assert refused.returncode == 2
    assert "--replace" in refused.stderr
    assert terminal.run("data", "import", good, "--replace").returncode == 0
    assert json.loads(terminal.run("data", "list", "--json").stdout) == before


def test_repair_keeps_what_is_proven_and_names_what_is_not_there(terminal: Terminal) -> None:
    terminal.run("data", "import", terminal.file(csv_rows(48)))
    assert terminal.run("data", "repair").returncode == 0
    unknown = terminal.run("data", "repair", "no_venue:NONE")
    assert (unknown.returncode, len(unknown.stderr.splitlines())) == (2, 1)
    (close,) = (terminal.home / "lake").rglob("close.bin")
    content = close.read_bytes()
    close.write_bytes(bytes(len(content)))
    assert terminal.run("data", "repair", "--json").returncode == 2
    next((terminal.home / "lake" / "quarantine").rglob("close.bin")).write_bytes(content)
    done = json.loads(terminal.run("data", "repair", "--json").stdout)
    assert [(one["rows"], one["lost"]) for one in done] == [(48, 0)]
