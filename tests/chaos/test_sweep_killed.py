"""A sweep killed with SIGKILL while it writes goes on by the same command, with the bytes of one never killed."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
from tests.chaos.sweeping import MARKET, SECONDS_MAX, begin, filled

from karat.research.ledger.account import accounts
from karat.research.ledger.trials import TrialLedger

SWEEP = (
    "sweep", "ema_crossover", "--market", MARKET, "--timeframe", "1h", "--json", "--top", "3", "--policy",
    "stop_mode=fraction", "take_mode=fraction", "--policy-grid", "stop_value=0.0005..0.25..0.0005",
    "take_value=0.0005..0.25..0.0005",
)  # fmt: skip
VARIANTS = 250_000


def kept(home: Path) -> dict[str, bytes]:
    sweeps = home / "sweeps"
    return {str(one.relative_to(sweeps)): one.read_bytes() for one in sweeps.rglob("*") if one.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, bytes]]:
    """What the sweep prints and keeps when nobody kills it."""
    home = filled(tmp_path_factory.mktemp("whole"))
    out, err = begin(home, SWEEP).communicate(timeout=SECONDS_MAX)
    assert out, err
    return out, kept(home)


@pytest.mark.parametrize("parts", [1, 3])
def test_killed_while_it_writes_it_goes_on_with_the_same_bytes(tmp_path: Path, parts: int, whole) -> None:
    home = filled(tmp_path)
    running, until = begin(home, SWEEP), time.monotonic() + SECONDS_MAX
    while len(list(home.glob("sweeps/*/parts/*.parquet"))) < parts and time.monotonic() < until:
        assert running.poll() is None, running.communicate()
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert TrialLedger(home).lines() == (), "nothing was shown, nothing counted"
    out, err = begin(home, SWEEP).communicate(timeout=SECONDS_MAX)
    assert out, err
    assert (out, kept(home)) == whole
    assert json.loads(out)["trials"] == VARIANTS
    (account,) = accounts(TrialLedger(home).lines())
    assert account.trials == VARIANTS
