"""A proof that is killed goes on where it was, and ends with the verdicts of one that nobody killed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from tests.chaos.sweeping import SECONDS_MAX, begin

from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.lake.quality import measure
from karat.lake.store import open_lake
from karat.research.ledger.account import accounts
from karat.research.ledger.trials import TrialLedger

MARKETS = DEMO_SYMBOLS[:2]
PROVE = ("prove", "ema_crossover", "rsi_macd_momentum", "--market", *MARKETS, "--timeframe", "1h", "--json")


def filled(home: Path) -> Path:
    """Two simulated markets of some 500 days."""
    with open_lake(home).change() as change:
        for market in MARKETS:
            candles = demo_candles(7, market, HOUR_MS, 12_000)
            change.put_candles(candles, measure(candles, sessions=False), sessions=False)
    return home


def proved(home: Path) -> dict[str, Any]:
    out, err = begin(home, PROVE).communicate(timeout=SECONDS_MAX)
    assert out, err
    told: dict[str, Any] = json.loads(out)
    return told


def trials(home: Path) -> dict[tuple[str, str], int]:
    return {(one.family, one.market): one.trials for one in accounts(TrialLedger(home).lines())}


def test_a_killed_proof_ends_with_the_same_verdicts_and_counts_nothing_twice(tmp_path: Path) -> None:
    whole, killed = filled(tmp_path / "whole"), filled(tmp_path / "killed")
    straight = proved(whole)
    running, until = begin(killed, PROVE), time.monotonic() + SECONDS_MAX
    while not list(killed.glob("proofs/*/verdicts/*.json")):
        assert running.poll() is None and time.monotonic() < until, "it was to be killed before it ended"
    running.kill()
    running.communicate()
    verdicts = {one.name: one.read_bytes() for one in killed.glob("proofs/*/verdicts/*.json")}
    assert 0 < len(verdicts) < len(straight["verdicts"])
    resumed = proved(killed)
    assert resumed == straight
    after = {one.name: one.read_bytes() for one in killed.glob("proofs/*/verdicts/*.json")}
    assert {name: after[name] for name in verdicts} == verdicts, "what was judged is not judged again"
    assert trials(killed) == trials(whole)
    dossiers = sorted(one.name for one in (killed / "dossiers").iterdir())
    assert dossiers == sorted(one["dossier"] for one in straight["verdicts"])
