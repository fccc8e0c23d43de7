"""karat backtest and karat explain, as a person or a script runs them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from tests.unit.research.small_markets import candles
from tests.unit.strategies.written import write_strategy

from karat.app.backtest_commands import EXIT_NOT_REPRODUCED
from karat.app.main import main
from karat.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from karat.lake.store import open_lake
from karat.ports.lake import Quality
from karat.research.explain import explain_case
from karat.research.explain_case import load_case
from karat.research.ledger.trials import TrialLedger
from karat.research.run_store import load_run
from karat.strategies.check.hostile import noise

BARS = 1_500
PERP, INVERSE, UNKNOWN, SIMULATED = (
    "binance_perp:BTCUSDT",
    "test_coinm:BTCUSD",
    "nowhere_perp:ABCUSDT",
    "simulated:BTCUSDT",
)
MANIFEST_KEYS = {
    "karat_version", "commit", "lock_hash", "processor", "strategy", "code_hash", "parameters", "policy", "instrument",
    "market", "timeframe", "first_bar", "last_bar", "data_hash", "quality", "cost_level", "seed",
}  # fmt: skip
TRADE_KEYS = {
    "id", "side", "entry_ts", "exit_ts", "bars_held", "quantity", "entry_price", "exit_price", "pnl", "fees",
    "funding", "borrow", "reason", "fills",
}  # fmt: skip
QUICK = "return signals(len(market), long=market.close > market.open, short=market.close < market.open)"


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


class Terminal:
    """Runs `karat` in this process, with a home of its own."""

    def __init__(self, home: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.capture = capture

    def run(self, *words: object) -> Ran:
        self.capture.readouterr()
        code = main([str(word) for word in words])
        return Ran(code, *self.capture.readouterr())

    def backtest(self, *words: object, market: str = PERP, strategy: str = "ema_crossover") -> Ran:
        return self.run("backtest", strategy, "--market", market, "--timeframe", "1h", *words)

    def told(self, *words: object, market: str = PERP, strategy: str = "ema_crossover") -> dict[str, Any]:
        ran = self.backtest(*words, "--json", market=market, strategy=strategy)
        assert ran.code == 0, ran
        return json.loads(ran.out)

    def files(self) -> set[str]:
        return {file.relative_to(self.home).as_posix() for file in self.home.rglob("*")}


@pytest.fixture(scope="module")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose lake holds small markets of every kind, and whose strategies are checked once."""
    home = tmp_path_factory.mktemp("home")
    walk = 30_000.0 * np.exp(np.cumsum(0.01 * noise(3, BARS)))
    with open_lake(home).change() as change:
        for market in (PERP, INVERSE, UNKNOWN):
            change.put_candles(candles(np.round(walk, 1), market=market), Quality(sources=("by hand",)))
        change.put_candles(candles(np.round(walk, 1), market=SIMULATED), Quality(simulated=True))
    (home / "strategies").mkdir()
    write_strategy(home / "strategies", "quick", QUICK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KARAT_HOME", str(home))
        for strategy in ("ema_crossover", "quick"):
            assert main(["strategies", "check", strategy]) == 0
        quiet = ("--to", "2024-01-03")  # compiles what a run needs, so that no later one has to say so
        assert main(["backtest", "quick", "--market", PERP, "--timeframe", "1h", *quiet]) == 0
    shutil.rmtree(home / "runs")
    return home


@pytest.fixture
def terminal(
    filled_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    home = tmp_path / "home"
    shutil.copytree(filled_home, home)
    monkeypatch.setenv("KARAT_HOME", str(home))
    return Terminal(home, capsys)


def test_json_has_the_agreed_keys(terminal: Terminal) -> None:
    told = terminal.told("--set", "fast_period=5", "slow_period=20")
    assert set(told) == {"manifest", "metrics", "trades", "equity", "open_position", "refusals", "run"}
    manifest = told["manifest"]
    assert set(manifest) >= MANIFEST_KEYS
    assert manifest["parameters"]["fast_period"] == 5 and manifest["cost_level"] == "pessimistic"
    assert manifest["data_hash"] == open_lake().entry(PERP, HOUR_MS).hash  # type: ignore[arg-type]
    assert list(told["metrics"]) == ["base", "pessimistic", "brutal", "edge_dies_at_bp"]
    trade = told["trades"][0]
    assert set(trade) >= TRADE_KEYS
    assert trade["id"] == 1 and trade["side"] in ("long", "short") and trade["reason"] == "signal"
    assert {"ts", "bar", "side", "quantity", "raw_price", "price", "fee", "spread_cost", "slippage_cost", "reason",
            "decision_bar", "position_before", "equity_before"} <= set(trade["fills"][0])  # fmt: skip
    assert len(told["equity"]["ts"]) == len(told["equity"]["value"]) == BARS
    assert told["equity"]["ts"][0] == manifest["first_bar"] + HOUR_MS


def test_trades_add_up_to_the_equity(terminal: Terminal) -> None:
    told = terminal.told()
    held = told["open_position"]
    rest = held["realised"] + held["unrealised"] - held["fees"] - held["funding"] if held else 0.0
    total = told["manifest"]["policy"]["capital"] + sum(trade["pnl"] for trade in told["trades"]) + rest
    assert told["equity"]["value"][-1] == pytest.approx(total, rel=1e-9)


def test_the_same_command_gives_the_same_run(terminal: Terminal) -> None:
    assert terminal.told() == terminal.told()


def test_people_read_the_stamp_before_any_figure(terminal: Terminal) -> None:
    ran = terminal.backtest("--policy", "stop_mode=atr", "stop_value=3")
    assert ran.code == 0 and ran.err == ""
    words = (
        "What this assumes",
        "instrument",
        "pessimistic",
        "sharpe",
        "The edge dies",
        "Kept as run",
        "karat explain",
    )
    places = [ran.out.index(word) for word in words]
    assert places[0] < places[3] < places[4] < places[5]


def test_figures_that_do_not_exist_say_why(terminal: Terminal) -> None:
    told = terminal.told("--to", "2024-01-01T10:00:00Z")
    assert told["trades"] == [] and told["metrics"]["edge_dies_at_bp"] == {"undefined": "no trade was closed"}
    assert told["metrics"]["base"]["win_rate"] == {"undefined": "no trade was closed"}
    assert told["manifest"]["seed"] == {"undefined": "nothing is drawn at random"}
    assert terminal.backtest("--to", "2024-01-01T10:00:00Z").code == 0


def test_an_unknown_market_is_stamped_assumed_and_a_simulated_one_simulated(terminal: Terminal) -> None:
    assert terminal.told(market=UNKNOWN)["manifest"]["instrument"]["assumed"] is True
    assert "ASSUMED" in terminal.backtest(market=UNKNOWN).out
    assert terminal.told(market=SIMULATED)["manifest"]["quality"]["simulated"] is True
    assert "SIMULATED DATA" in terminal.backtest(market=SIMULATED).out


def test_a_look_into_the_vault_is_recorded_and_stamped(terminal: Terminal) -> None:
    ledger = TrialLedger(terminal.home)
    assert "VAULT" not in terminal.backtest("--to", "2024-02-01").out and ledger.lines()[-1].record["kind"] == "trials"
    told, look = terminal.told()["manifest"], ledger.lines()[-1].record
    assert told["vault"]["looked"] is True
    assert (look["kind"], look["tool"], look["end"]) == ("look", "backtest", told["last_bar"] + HOUR_MS)
    assert "LOOKED INTO THE VAULT" in terminal.backtest().out


def test_the_range_is_the_one_asked_for(terminal: Terminal) -> None:
    told = terminal.told("--from", "2024-01-10", "--to", "2024-01-20")["manifest"]
    assert told["bars"] == 240 and told["last_bar"] - told["first_bar"] == 239 * HOUR_MS


def test_a_coarser_timeframe_is_built(terminal: Terminal) -> None:
    words = ("backtest", "buy_and_hold", "--market", PERP, "--timeframe", "4h", "--json")
    told = json.loads(terminal.run(*words).out)
    assert told["manifest"]["bars"] == BARS // 4 and told["open_position"]["side"] == "long"


def test_costs_may_be_chosen_or_given(terminal: Terminal) -> None:
    brutal = terminal.told("--costs", "brutal")
    assert brutal["manifest"]["policy"]["latency"] == 2 and brutal["manifest"]["cost_level"] == "brutal"
    own = terminal.told("--policy", "half_spread=0.001")
    assert own["manifest"]["cost_level"] == "own" and own["metrics"]["own"] != own["metrics"]["pessimistic"]


def test_a_report_is_written(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "out.html"
    ran = terminal.backtest("--report", file)
    assert ran.code == 0 and str(file) in ran.err
    assert file.read_text().lstrip().lower().startswith("<!doctype html")


def test_a_long_curve_goes_to_a_file(terminal: Terminal) -> None:
    bars = 100_001
    wave = np.round(100.0 + 5.0 * np.sin(np.arange(bars) / 300.0), 2)
    with open_lake().change() as change:
        change.put_candles(candles(wave, market="test_spot:LONGUSDT", step=MINUTE_MS), Quality())
    ran = terminal.run("backtest", "buy_and_hold", "--market", "test_spot:LONGUSDT", "--timeframe", "1m", "--json")
    import polars as pl

    curve = pl.read_parquet(json.loads(ran.out)["equity"]["path"])
    assert curve.columns == ["ts", "value"] and len(curve) == bars


BAD = {
    "an unknown strategy": (("backtest", "ema_cross", "--market", PERP, "--timeframe", "1h"), "unknown_strategy"),
    "a market that is none": (("backtest", "quick", "--market", "BTC", "--timeframe", "1h"), "bad_market"),
    "a market not in the lake": (("backtest", "quick", "--market", "a:B", "--timeframe", "1h"), "market_not_in_lake"),
    "a timeframe that is none": (("backtest", "quick", "--market", PERP, "--timeframe", "1x"), "bad_timeframe"),
    "a timeframe too fine": (("backtest", "quick", "--market", PERP, "--timeframe", "5m"), "timeframe_not_possible"),
    "no market": (("backtest", "quick", "--timeframe", "1h"), "bad_command"),
    "an unknown run": (("explain", "zzz", "1"), "unknown_run"),
}
BAD_WORDS = {
    "a range without data": (("--from", "2031-01-01"), "range_without_data"),
    "a time that is none": (("--from", "yesterday"), "bad_time"),
    "a parameter out of range": (("--set", "fast_period=9000"), "parameter_out_of_range"),
    "a parameter off its step": (("--set", "fast_period=2.5"), "parameter_off_step"),
    "an unknown parameter": (("--set", "speed=9"), "unknown_parameter"),
    "contradictory parameters": (("--set", "fast_period=60"), "contradictory_parameters"),
    "an unknown policy field": (("--policy", "stop_mod=atr"), "unknown_policy_field"),
    "a policy out of range": (("--policy", "leverage=5000"), "bad_policy"),
    "a contradictory policy": (("--policy", "stop_mode=atr"), "contradictory_policy"),
    "risk without a stop": (("--policy", "size_mode=risk", "size_value=0.01"), "contradictory_policy"),
    "costs given twice": (("--policy", "latency=2", "--costs", "base"), "contradictory_policy"),
    "a pair that is none": (("--set", "fast_period"), "bad_pair"),
    "an unknown cost level": (("--costs", "cheap"), "unknown_costs"),
    "a report in no folder": (("--report", "/no/such/folder/out.html"), "bad_report_path"),
}


@pytest.mark.parametrize("name", [*BAD, *BAD_WORDS])
def test_bad_input_is_one_line_exit_2_and_changes_nothing(terminal: Terminal, name: str) -> None:
    words, code = BAD.get(name) or BAD_WORDS[name]
    if name in BAD_WORDS:
        words = ("backtest", "ema_crossover", "--market", PERP, "--timeframe", "1h", *words)
    before = terminal.files()
    ran = terminal.run(*words)
    assert (ran.code, ran.out) == (2, "") and len(ran.err.splitlines()) == 1
    told = terminal.run(*words[:1], "--json", *words[1:])
    assert (told.code, told.err) == (2, "")
    error = json.loads(told.out)["error"]
    assert error["code"] == code and error["hint"]
    assert terminal.files() == before


def test_a_strategy_that_leaks_leaves_no_run(terminal: Terminal) -> None:
    write_strategy(terminal.home / "strategies", "peeks", "later = np.roll(market.close, -1)\n"
                   "return signals(len(market), long=later > market.close)")  # fmt: skip
    ran = terminal.backtest(strategy="peeks")
    assert ran.code == 2 and "roll" in ran.err.splitlines()[-1]
    assert not (terminal.home / "runs").exists()


def test_explain_writes_one_trade_out(terminal: Terminal) -> None:
    run = terminal.told("--policy", "stop_mode=fraction", "stop_value=0.02")["run"]
    ran = terminal.run("explain", "last", 1)
    assert ran.code == 0 and ran.err == ""
    assert ran.out.index("What this assumes") < ran.out.index("latency 1") < ran.out.index("Result")
    told = json.loads(terminal.run("explain", run, 1, "--json").out)
    assert told["reproduced"] is True and told["run"] == run
    assert all(line.get("holds", True) for section in told["sections"] for line in section["lines"])


def test_explain_refuses_a_trade_that_is_not_there(terminal: Terminal) -> None:
    terminal.told()
    ran = terminal.run("explain", "last", 100_000)
    assert ran.code == 2 and "It has trades 1 to" in ran.err and len(ran.err.splitlines()) == 1


def test_explain_says_loudly_when_the_record_is_wrong(terminal: Terminal) -> None:
    kept = load_run(terminal.told()["run"])
    fills = {**kept.fills, "fee": kept.fills["fee"] * 1.01}
    np.savez(kept.folder / "fills.npz", **fills)
    ran = terminal.run("explain", "last", 1)
    assert ran.code == EXIT_NOT_REPRODUCED and "DOES NOT REPRODUCE" in ran.err and "RECORD SAYS" in ran.out


def test_explain_refuses_bars_that_have_changed(terminal: Terminal) -> None:
    terminal.told()
    lake = open_lake()
    stored = lake.candles(PERP, HOUR_MS)  # type: ignore[arg-type]
    with lake.change() as change:
        change.put_candles(candles(stored.close * 2.0, market=PERP), Quality())
    ran = terminal.run("explain", "last", 1)
    assert ran.code == 2 and "have changed" in ran.err


def reproduced(run: str) -> int:
    """How many trades a run has, each of them reproduced."""
    case = load_case(load_run(run), open_lake())
    trades = len(case.run.trades["id"])
    assert all(explain_case(case, trade).reproduced for trade in range(1, trades + 1))
    return trades


def test_every_trade_of_an_inverse_market_is_reproduced(terminal: Terminal) -> None:
    words = (
        "stop_mode=atr",
        "stop_value=2",
        "take_mode=atr",
        "take_value=2",
        "capital=1",
        "leverage=2",
        "size_value=1.5",
    )
    told = terminal.told("--policy", *words, market=INVERSE, strategy="quick")
    assert told["manifest"]["instrument"]["kind"] == "inverse"
    assert reproduced(told["run"]) == len(told["trades"]) > 100


@pytest.mark.parametrize(
    ("file", "market", "policy"),
    [
        ("binance_perp/1h/ETHUSDT.parquet", "binance_perp:ETHUSDT", ("take_mode=fraction", "take_value=0.02")),
        ("binance_perp/1h/BTCUSDT.parquet", PERP, ("trail_mode=atr", "trail_value=3", "trail_from_entry=on")),
        (
            "binance_spot/1h/BTCUSDT.parquet",
            "binance_spot:BTCUSDT",
            ("borrow_rate=0.08", "stop_mode=atr", "stop_value=2"),
        ),
    ],
)
def test_every_trade_of_a_real_market_is_reproduced(
    terminal: Terminal, shared: Path, file: str, market: str, policy: tuple[str, ...]
) -> None:
    shutil.rmtree(terminal.home / "lake")
    found = [shared / "data" / "candles" / Path(file)]
    funding = shared / "data" / "funding" / "binance_perp"
    ran = terminal.run("data", "import", *found, funding, "--accept", "holes")
    assert ran.code == 0, ran
    words = ("--from", "2023-01-01", "--to", "2024-01-01", "--policy", *policy)
    told = terminal.told(*words, market=market)
    assert told["manifest"]["last_bar"] - told["manifest"]["first_bar"] > 364 * DAY_MS
    assert reproduced(told["run"]) == len(told["trades"]) > 80
    if "perp" in market:
        assert sum(abs(trade["funding"]) for trade in told["trades"]) > 0
    else:
        assert sum(trade["borrow"] for trade in told["trades"]) > 0
