"""A sweep that Optuna leads, killed with SIGKILL, goes on by the same command: no trial is lost and none made twice."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
from tests.chaos.sweeping import MARKET, SECONDS_MAX, begin, filled

from karat.research.ledger.account import accounts
from karat.research.ledger.trials import TrialLedger

TRIALS = 60
SWEEP = (
    "sweep", "ema_crossover", "--market", MARKET, "--timeframe", "1h", "--json", "--top", "60", "--sampler", "tpe",
    "--trials", str(TRIALS), "--prune", "--by", "sharpe - max_drawdown", "--grid", "fast_period=3..40..1", "--policy",
    "stop_mode=fraction", "--policy-grid", "stop_value=0.005..0.25..0.005", "--where", "fast_period * stop_value < 3",
)  # fmt: skip


def journal(home: Path) -> bytes:
    return b"".join(one.read_bytes() for one in home.glob("sweeps/*/study.journal"))


def asked_for(home: Path) -> list[tuple[int, str, float]]:
    """(trial, axis, place) of all that was ever drawn, in order."""
    lines = map(json.loads, journal(home).splitlines())
    drawn = (line for line in lines if "param_name" in line)
    return [(line["trial_id"], line["param_name"], line["param_value_internal"]) for line in drawn]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[tuple[int, str, float]]]:
    """What the sweep prints and asks for when nobody kills it."""
    home = filled(tmp_path_factory.mktemp("whole"))
    out, err = begin(home, SWEEP).communicate(timeout=SECONDS_MAX)
    assert out, err
    return out, asked_for(home)


def test_killed_again_and_again_it_makes_the_trials_of_one_never_killed(tmp_path: Path, whole) -> None:
    home = filled(tmp_path)
    for lines in (5, 130, 300):
        running, until = begin(home, SWEEP), time.monotonic() + SECONDS_MAX
        while journal(home).count(b"\n") < lines and time.monotonic() < until:
            assert running.poll() is None, running.communicate()
        running.send_signal(signal.SIGKILL)
        running.communicate()
    assert TrialLedger(home).lines() == (), "nothing was shown, nothing counted"
    out, err = begin(home, SWEEP).communicate(timeout=SECONDS_MAX)
    assert out, err
    assert (out, asked_for(home)) == whole
    told = json.loads(out)
    assert told["trials"] == TRIALS and told["pruned"] > 0
    (account,) = accounts(TrialLedger(home).lines())
    assert account.trials == TRIALS
