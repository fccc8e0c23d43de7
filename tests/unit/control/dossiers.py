"""Dossiers of a demo market, written and sealed as karat prove does it; what its stages would find is given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.unit.research.gates.test_verdict import GOOD

from karat.core.model.policy import CostLevel, LevelMode, Policy
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.lake.quality import measure
from karat.lake.store import open_lake
from karat.research.dossier.document import document
from karat.research.dossier.folder import Dossier, write_dossier
from karat.research.gates.evidence import Evidence
from karat.research.gates.thresholds import Thresholds, default_thresholds
from karat.research.ledger.trials import TrialLedger
from karat.research.prove.ground import LakeGround
from karat.research.prove.proof import Proof
from karat.research.prove.proving import Request
from karat.research.prove.settings import ProofSettings
from karat.research.prove.spec import spec_of
from karat.research.prove.stage import Stage, StageResult, above
from karat.strategies import find_strategy

MARKET = DEMO_SYMBOLS[0]
BARS = 1_200
POLICY = Policy(capital=10_000.0, stop_mode=LevelMode.FRACTION, stop_value=0.5).with_costs(CostLevel.BASE)
SETTINGS = {"fast_period": 5, "slow_period": 20, "band": 0.0, "shorts": True, "stop_value": 0.03}
WATCHED = replace(GOOD, trades=150.0)


def fill_lake(home: Path) -> None:
    """One simulated market."""
    candles = demo_candles(7, MARKET, HOUR_MS, BARS)
    with open_lake(home).change() as change:
        change.put_candles(candles, measure(candles, sessions=False), sessions=False)


def dossier(
    home: Path, evidence: Evidence = GOOD, *, earned: float = 1.0, policy: Policy = POLICY,
    thresholds: Thresholds | None = None, settings: dict[str, Any] | None = None, strategy_name: str = "ema_crossover",
) -> Dossier:  # fmt: skip
    """A dossier of the strategy on the market. `earned` decides the last stage."""
    strategy, limits = find_strategy(strategy_name), thresholds or default_thresholds()
    passed = [StageResult(one, (above("total_return", 1.0, 0.0),)) for one in Stage][:-1]
    last = StageResult(Stage.VAULT, (above("vault_return", earned, 0.0),))
    given = SETTINGS if settings is None else settings
    proof = Proof(strategy.name, MARKET, HOUR_MS, given, False, (*passed, last), evidence, limits)
    request = Request((MARKET,), (HOUR_MS,), {"stop_value": (0.03, 0.5)})
    spec = spec_of(
        [strategy], request, LakeGround(open_lake(home), home=home), ProofSettings(policy=policy, thresholds=limits)
    )
    told = document(spec, proof.as_dict(), strategy, 0)
    return write_dossier(told, strategy, TrialLedger(home), 0, home)
