"""karat strategies, as a person or a script runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.unit.lake.bars import bars
from tests.unit.strategies.written import marked_line, write_strategy

from karat.app.check_markets import check_markets
from karat.app.check_store import ensure_checked, require_checked, stored_report
from karat.app.main import main
from karat.core.errors import InputError
from karat.lake.store import open_lake
from karat.ports.lake import Quality
from karat.strategies import find_strategy

PACKAGE = Path(__file__).resolve().parents[2] / "src"
LEAK = """
later = np.roll(market.close, -1)  # culprit
return signals(len(market), long=later > market.close)
"""


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


class Terminal:
    """Runs `karat` in this process, with a home of its own."""

    def __init__(self, home: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.folder = home / "strategies"
        self.capture = capture

    def run(self, *words: str) -> Ran:
        self.capture.readouterr()
        code = main(words)
        return Ran(code, *self.capture.readouterr())

    def write(self, name: str, body: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return write_strategy(self.folder, name, body)


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    monkeypatch.setenv("KARAT_HOME", str(tmp_path / "home"))
    return Terminal(tmp_path / "home", capsys)


def test_new_writes_a_strategy_that_is_listed_shown_and_passes_its_check(terminal: Terminal) -> None:
    ran = terminal.run("strategies", "new", "night_owl")
    assert ran.code == 0 and ran.out.split() == [str(terminal.folder / "night_owl.py")]
    assert "night_owl" in terminal.run("strategies", "list").out
    assert "slow_period" in terminal.run("strategies", "show", "night_owl").out
    checked = terminal.run("strategies", "check", "night_owl")
    assert checked.code == 0 and "passed" in checked.out
    report = require_checked(find_strategy("night_owl"))
    assert report.passed and "simulated 1h" in report.datasets


@pytest.mark.parametrize("name", ["Night", "night owl", "2nights", "../night", "class", "", "a" * 65, "night__owl"])
def test_new_refuses_a_name_that_cannot_be_one_and_writes_nothing(name: str, terminal: Terminal) -> None:
    ran = terminal.run("strategies", "new", name)
    assert ran.code == 2 and "trend_pullback" in ran.err and len(ran.err.splitlines()) == 1
    assert not terminal.home.exists()


def test_new_never_overwrites(terminal: Terminal) -> None:
    terminal.run("strategies", "new", "night_owl")
    file = terminal.folder / "night_owl.py"
    file.write_text("mine")
    assert terminal.run("strategies", "new", "night_owl").code == 2
    assert terminal.run("strategies", "new", "ema_crossover").code == 2
    assert file.read_text() == "mine" and [one.name for one in terminal.folder.iterdir()] == ["night_owl.py"]


def test_list_as_json_has_the_agreed_keys(terminal: Terminal) -> None:
    listed = json.loads(terminal.run("strategies", "list", "--json").out)
    wanted = {"name", "family", "hypothesis", "parameters", "needs", "warmup_bars", "verdicts"}
    assert all(wanted <= set(one) for one in listed)
    ema = next(one for one in listed if one["name"] == "ema_crossover")
    assert ema["warmup_bars"] == 50 and ema["needs"] == [] and ema["check"] == "not checked"
    assert set(ema["parameters"][0]) == {"name", "default", "low", "high", "step", "unit", "meaning"}


def test_list_names_a_broken_file_and_shows_the_rest(terminal: Terminal) -> None:
    terminal.folder.mkdir(parents=True)
    (terminal.folder / "torn.py").write_text("def signals(\n")
    ran = terminal.run("strategies", "list", "--json")
    assert ran.code == 0 and len(json.loads(ran.out)) == 7
    assert "torn.py:1" in ran.err


def test_check_of_a_leak_names_line_and_bar_and_its_result_is_kept(terminal: Terminal) -> None:
    file = terminal.write("peeks", LEAK)
    ran = terminal.run("strategies", "check", "peeks")
    assert ran.code == 2
    assert f"peeks.py:{marked_line(file)}: " in ran.err and "numpy.roll" in ran.err and "First at bar" in ran.err
    with pytest.raises(InputError, match=r"numpy\.roll") as refused:
        require_checked(find_strategy("peeks"))
    assert refused.value.code == "check_failed"


def test_check_as_json_prints_one_object_with_the_error_in_it(terminal: Terminal) -> None:
    terminal.write("peeks", LEAK)
    ran = terminal.run("strategies", "check", "peeks", "--json")
    told = json.loads(ran.out)
    assert ran.code == 2 and not told["passed"] and told["error"]["code"] == "check_failed"
    assert told["findings"][0]["check"] == "future_removed" and told["findings"][0]["text"]


def test_a_check_counts_only_for_the_code_it_was_made_of(terminal: Terminal) -> None:
    terminal.write("quiet", "return signals(len(market))")
    with pytest.raises(InputError) as refused:
        require_checked(find_strategy("quiet"))
    assert refused.value.code == "not_checked"
    ensure_checked(find_strategy("quiet"), {})
    assert require_checked(find_strategy("quiet")).passed
    terminal.write("quiet", "return signals(len(market), long=market.close > market.open)")
    with pytest.raises(InputError) as refused:
        require_checked(find_strategy("quiet"))
    assert refused.value.code == "not_checked"


def test_ensure_checked_runs_once_and_asks_for_markets_only_then(terminal: Terminal) -> None:
    asked: list[str] = []

    def markets() -> dict[str, object]:
        asked.append("asked")
        return {}

    strategy = find_strategy("buy_and_hold")
    first = ensure_checked(strategy, markets)  # type: ignore[arg-type]
    assert ensure_checked(strategy, markets) == first and asked == ["asked"]  # type: ignore[arg-type]


def test_a_torn_report_counts_as_none(terminal: Terminal) -> None:
    strategy = find_strategy("buy_and_hold")
    ensure_checked(strategy, {})
    (file,) = (terminal.home / "checks").iterdir()
    whole = file.read_text()
    for torn in (whole[: len(whole) // 2], "[]", '{"format": 1}', whole.replace('"format": 1', '"format": 2')):
        file.write_text(torn)
        assert stored_report(strategy) is None
    file.write_text(whole)
    assert stored_report(strategy) is not None


def test_check_runs_on_markets_of_the_lake_and_never_in_their_vault(terminal: Terminal) -> None:
    with open_lake().change() as change:
        change.put_candles(bars(1_000), Quality())
    (entry,) = open_lake().list()
    ((name, market),) = check_markets().items()
    assert name == "binance_perp:BTCUSDT 1h" and len(market) == 800
    assert int(market.candles.ts[-1]) < entry.vault_start_ts
    told = json.loads(terminal.run("strategies", "check", "donchian_breakout", "--json").out)
    assert told["passed"] and name in told["datasets"]


@pytest.mark.parametrize("command", ["check", "show"])
def test_an_unknown_strategy_is_one_line_and_exit_code_two(command: str, terminal: Terminal) -> None:
    ran = terminal.run("strategies", command, "ema_cross")
    assert ran.code == 2 and "ema_crossover" in ran.err and len(ran.err.splitlines()) == 1
    told = json.loads(terminal.run("strategies", command, "ema_cross", "--json").out)
    assert told["error"]["code"] == "unknown_strategy"


def test_a_report_made_in_one_process_counts_in_the_next(terminal: Terminal) -> None:
    terminal.write("quiet", "return signals(len(market))")
    begin = "from karat.strategies import find_strategy; from karat.app import check_store; "
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    for call in ("ensure_checked(find_strategy('quiet'), {})", "require_checked(find_strategy('quiet'))"):
        program = f"{begin}print(check_store.{call}.passed)"
        ran = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True)
        assert ran.stdout.split() == [b"True"]
