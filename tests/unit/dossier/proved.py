"""Dossiers of small markets in memory, written and sealed as karat prove writes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.unit.prove.grounds import SMALL, STEP, InMemory, book, drifting

from karat.core.ids import MarketId
from karat.research.dossier.document import document
from karat.research.dossier.folder import Dossier, write_dossier
from karat.research.gates.thresholds import changed_thresholds
from karat.research.ledger.trials import TrialLedger
from karat.research.prove.proving import Request, prove
from karat.research.prove.settings import ProofSettings
from karat.research.prove.spec import spec_of
from karat.strategies import Strategy, find_strategy

A_LONG_RECORD = "[gates.days]\nvalue = 5000\n"


@dataclass(frozen=True)
class Proved:
    """A dossier, and all it came from."""

    dossier: Dossier
    strategy: Strategy
    ground: InMemory
    ledger: TrialLedger

    @property
    def told(self) -> dict[str, Any]:
        return dict(self.dossier.told)


def proved(home: Path, drift: float, *, thresholds: str = "", strategy: Strategy | None = None) -> Proved:
    """The dossier of the first of two markets that drift so much."""
    one, ground = strategy or find_strategy("ema_crossover"), drifting(2, drift)
    markets: tuple[MarketId, ...] = tuple(ground.markets)
    request = Request(markets, (STEP,))
    settings = ProofSettings(effort=SMALL, thresholds=changed_thresholds(thresholds))
    ledger_book = book(home)
    spec = spec_of([one], request, ground, settings)
    proof = prove(one, request, ground, ledger_book, settings, progress=lambda what: None, judge=markets[:1])[0]
    ledger = ledger_book.ledger
    dossier = write_dossier(document(spec, proof, one, 0), one, ledger, 0, home)
    return Proved(dossier, one, ground, ledger)
