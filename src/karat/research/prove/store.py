"""Proofs that are kept: KARAT_HOME/proofs/<id>/, so that a killed one goes on where it was.

1. The id is a hash of the spec: code, bars before the vaults, numbers. The same proof has the same folder.
2. `spec.json` says what it is. `verdicts/<strategy>@<market>.json` holds one proof, written when it is done, whole or
   not at all; sweeps are kept by themselves (`research.sweeps.store`), so what is between is worked out again quickly.
3. `result.json`, written last, lists the verdicts and the funnel.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from karat.core.errors import NeedsOperator
from karat.core.home import karat_home
from karat.core.ids import MarketId
from karat.lake.durable import replace_durably
from karat.research.kept import json_bytes, room, spec_folder
from karat.research.prove.proof import funnel


@dataclass(frozen=True, slots=True)
class ProofFolder:
    """The folder of one proof."""

    folder: Path
    spec: Mapping[str, Any]

    @classmethod
    def of(cls, spec: Mapping[str, Any], home: Path | None = None) -> ProofFolder:
        """The folder of a proof, made when it is not there. Raises RetryLater `disk_full`."""
        return cls(spec_folder(proofs_folder(home), spec, "verdicts"), spec)

    @property
    def id(self) -> str:
        return self.folder.name

    def once(self, strategy: str, market: MarketId, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The proof of a strategy on a market: what is kept, else what `make` makes. Raises RetryLater `disk_full`,
        NeedsOperator `proof_damaged`."""
        file = self.folder / "verdicts" / f"{strategy}@{market.replace(':', '-')}.json"
        if not file.exists():
            made = make()
            with room(self.folder):
                replace_durably(file, json_bytes(made))
        try:
            told: dict[str, Any] = json.loads(file.read_bytes())
        except ValueError as error:
            hint = f"Delete {file} and give the same command again."
            raise NeedsOperator("proof_damaged", f"Proof {self.id}: {file.name} cannot be read.", hint) from error
        return told

    def finish(self, proofs: list[dict[str, Any]]) -> dict[str, Any]:
        """Keep the list of verdicts and the funnel, and return it."""
        names = ("strategy", "market", "timeframe", "verdict", "stage", "decided_by", "reason", "settings")
        told = {
            "proof": self.id,
            "verdicts": [{name: one[name] for name in names} for one in proofs],
            "funnel": [asdict(row) for row in funnel(proofs)],
        }
        with room(self.folder):
            replace_durably(self.folder / "result.json", json_bytes(told))
        return told

    def finished(self) -> dict[str, Any] | None:
        """What was told at the end, None while it is not finished."""
        file = self.folder / "result.json"
        return json.loads(file.read_bytes()) if file.exists() else None


def proofs_folder(home: Path | None = None) -> Path:
    """Where proofs are kept."""
    return (home or karat_home()) / "proofs"
