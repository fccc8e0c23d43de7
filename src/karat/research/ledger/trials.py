"""What the ledger is told: trials of a sweep or a backtest, and looks into a vault, each with its family and market.

The same variants of the same code on the same bars are the same trials: running them again adds a line that counts
none, so that a sweep that was killed and resumed, or a dossier that is verified, charges nobody twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from karat.core.home import karat_home
from karat.core.model.candles import Floats
from karat.research.ledger.chain import Chain, Line
from karat.research.ledger.lineage import Fingerprint, fingerprint, nearest_family
from karat.stats.belief.sketch import Sketch
from karat.strategies import Strategy, code_hash

TRIALS, LOOK, FAMILY, VERDICT = "trials", "look", "family", "verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Bars of one market that a tool reads with a strategy, those with `first_ms <= ts < end_ms`. `what` is everything
    else that decides what comes of it: parameters or grid, policy, costs, a hash of the bars."""

    tool: str
    market: str
    timeframe: str
    first_ms: int
    end_ms: int
    what: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried(Read):
    """Some variants of one strategy that were evaluated on these bars, of `days` days. `sharpes` are per day, NaN where
    undefined, one for each of `count` trials."""

    days: int
    count: int
    sharpes: Floats
    sketch: Sketch


class TrialLedger:
    """The ledger of a home. There is one, whatever tool writes it."""

    def __init__(self, home: Path | None = None) -> None:
        self.chain = Chain((home or karat_home()) / "ledger" / "trials.jsonl")

    def lines(self) -> tuple[Line, ...]:
        """Every line, checked. Raises NeedsOperator `ledger_damaged`."""
        return self.chain.lines()

    def family_of(self, strategy: Strategy, now_ms: int) -> str:
        """The family of a strategy's code, founded when it is new to the ledger."""
        return self._family_of(strategy, now_ms, self.lines())

    def _family_of(self, strategy: Strategy, now_ms: int, lines: tuple[Line, ...]) -> str:
        code = code_hash(strategy)
        known: dict[str, list[Fingerprint]] = {}
        for line in lines:
            if line.record["kind"] == FAMILY:
                if line.record["code_hash"] == code:
                    return str(line.record["family"])
                known.setdefault(line.record["family"], []).append(tuple(line.record["fingerprint"]))
        own = fingerprint(strategy)
        near = nearest_family(own, known)
        family, share = near if near is not None else (f"{strategy.name}-{code[:8]}", None)
        self.chain.append(
            {
                "kind": FAMILY, "at": now_ms, "family": family, "strategy": strategy.name, "code_hash": code,
                "fingerprint": list(own), "shared": share,
            }
        )  # fmt: skip
        return family

    def record_trials(self, strategy: Strategy, tried: Tried, now_ms: int) -> Line:
        """Count trials before anybody sees what came of them. Raises NeedsOperator `ledger_damaged`."""
        lines = self.lines()
        family, identity = self._family_of(strategy, now_ms, lines), _identity(strategy, tried)
        first = next((one.seq for one in lines if one.record.get("identity") == identity), None)
        known = tried.sharpes[~np.isnan(tried.sharpes)]
        counted = first is None
        return self.chain.append(
            {
                **_where(TRIALS, now_ms, family, strategy, tried),
                "identity": identity,
                "repeats": first,
                "count": tried.count if counted else 0,
                "days": tried.days,
                "sharpes": len(known) if counted else 0,
                "sharpe_sum": float(np.sum(known)) if counted else 0.0,
                "sharpe_squares": float(np.sum(known * known)) if counted else 0.0,
                "clusters": tried.sketch.as_json() if counted else [],
            }
        )

    def record_look(self, strategy: Strategy, read: Read, now_ms: int) -> Line:
        """Charge a look into the market's vault, before what was seen is shown. Every look counts, repeated or not."""
        family = self.family_of(strategy, now_ms)
        return self.chain.append({**_where(LOOK, now_ms, family, strategy, read), "what": dict(read.what)})

    def seal(self, strategy: Strategy, result: Mapping[str, Any], dossier_hash: str, now_ms: int) -> Line:
        """Keep which dossier a verdict was given with. Nothing else makes a verdict one that bots may rest on."""
        return self.chain.append(
            {
                "kind": VERDICT, "at": now_ms, "strategy": strategy.name, "code_hash": code_hash(strategy),
                "market": result["market"], "timeframe": result["timeframe"], "verdict": result["verdict"],
                "dossier": dossier_hash,
            }
        )  # fmt: skip

    def sealed(self) -> frozenset[str]:
        """The hashes of all dossiers that were sealed. Raises NeedsOperator `ledger_damaged`."""
        return frozenset(line.record["dossier"] for line in self.lines() if line.record["kind"] == VERDICT)

    def has_look(self, read: Read) -> bool:
        """Whether a look of the same tool at the same was charged: a bot that goes on after a stop looks once."""
        looks = (line.record for line in self.lines() if line.record["kind"] == LOOK)
        return any((one["tool"], one["market"], one["what"]) == (read.tool, read.market, read.what) for one in looks)


def _where(kind: str, now_ms: int, family: str, strategy: Strategy, read: Read) -> dict[str, Any]:
    return {
        "kind": kind, "at": now_ms, "family": family, "strategy": strategy.name, "code_hash": code_hash(strategy),
        "tool": read.tool, "market": read.market, "timeframe": read.timeframe, "first": read.first_ms,
        "end": read.end_ms,
    }  # fmt: skip


def _identity(strategy: Strategy, tried: Tried) -> str:
    """What makes trials the same trials: whoever runs them, and whenever."""
    told = [code_hash(strategy), tried.market, tried.timeframe, tried.first_ms, tried.end_ms, tried.what]
    return hashlib.sha256(json.dumps(told, sort_keys=True, allow_nan=False).encode()).hexdigest()
