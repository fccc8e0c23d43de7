"""Calibrations that are kept: KARAT_HOME/calibrations/<id>/, a line for each panel, so that a killed one goes on.

1. The id is a hash of everything that decides the outcome: seed, real bars, panels, the prover's own account of itself,
   and the source of every room that it runs. Changed code begins anew: it never takes over what other code has said.
2. `spec.json` says what it is, `planted.json` how strong the planted edges are. `outcomes.jsonl` has a line for each
   panel, forced to the disk; a last line that was cut off is dropped and its panel judged again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import karat
from karat.core.errors import NeedsOperator
from karat.core.home import karat_home
from karat.lake.durable import force, replace_durably
from karat.research.kept import room, spec_folder

_ROOMS = ("core", "kernel", "quality", "research", "stats", "strategies")


@dataclass(frozen=True, slots=True)
class MarketOutcome:
    """What became of one market: its grade, what decided, and which naive rules accept it by the name of their costs;
    None where they were not asked."""

    grade: str
    decided_by: str | None
    naive: Mapping[str, list[str]] | None

    def as_dict(self) -> dict[str, Any]:
        """For json."""
        return {"grade": self.grade, "decided_by": self.decided_by, "naive": self.naive}


@dataclass(frozen=True, slots=True)
class PanelOutcome:
    """What became of a panel. `truth`, `nature` and `power` are as in `PanelSpec`; `seconds` is what judging took."""

    panel: str
    truth: str
    nature: str | None
    power: float
    seconds: float
    making_seconds: float
    markets: tuple[MarketOutcome, ...]

    def as_dict(self) -> dict[str, Any]:
        """For json."""
        return {
            "panel": self.panel, "truth": self.truth, "nature": self.nature, "power": self.power,
            "seconds": self.seconds, "making_seconds": self.making_seconds,
            "markets": [one.as_dict() for one in self.markets],
        }  # fmt: skip

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> PanelOutcome:
        """The inverse of `as_dict`."""
        return cls(**{**told, "markets": tuple(MarketOutcome(**one) for one in told["markets"])})


@dataclass(frozen=True, slots=True)
class CalibrationFolder:
    """The folder of one calibration. `spec` is everything that decides its outcome, JSON-ready."""

    folder: Path
    spec: Mapping[str, Any]

    @classmethod
    def of(cls, spec: Mapping[str, Any], home: Path | None = None) -> CalibrationFolder:
        """The folder of a calibration, made when it is not there. Raises RetryLater `disk_full`."""
        return cls(spec_folder((home or karat_home()) / "calibrations", spec), spec)

    @property
    def id(self) -> str:
        return self.folder.name

    def keep(self, name: str, value: Any) -> None:
        """Keep a JSON value beside the outcomes. Raises RetryLater `disk_full`."""
        with room(self.folder):
            replace_durably(self.folder / f"{name}.json", json.dumps(value, indent=1, allow_nan=False).encode())

    def kept(self, name: str) -> Any:
        """A JSON value that was kept, or None."""
        file = self.folder / f"{name}.json"
        return json.loads(file.read_bytes()) if file.exists() else None

    def outcomes(self) -> dict[str, PanelOutcome]:
        """What is known, by the name of the panel. Raises NeedsOperator `calibration_damaged`."""
        found: dict[str, PanelOutcome] = {}
        for number, line in enumerate(self._whole_lines(), 1):
            try:
                outcome = PanelOutcome.of_json(json.loads(line))
            except (ValueError, TypeError, KeyError) as error:
                hint = f"Delete line {number} of {self._file} and give the same command again: it is judged anew."
                message = f"Calibration {self.id}: line {number} of its outcomes cannot be read."
                raise NeedsOperator("calibration_damaged", message, hint) from error
            found[outcome.panel] = outcome
        return found

    def add(self, outcome: PanelOutcome) -> None:
        """Keep an outcome, forced to the disk. Raises RetryLater `disk_full`; then it is not there."""
        line = json.dumps(outcome.as_dict(), allow_nan=False).encode() + b"\n"
        whole = sum(len(one) + 1 for one in self._whole_lines())
        with room(self.folder):
            with self._file.open("ab") as handle:
                handle.truncate(whole)
                handle.write(line)
            force([self._file, self.folder])

    @property
    def _file(self) -> Path:
        return self.folder / "outcomes.jsonl"

    def _whole_lines(self) -> list[bytes]:
        """The lines that end."""
        return self._file.read_bytes().split(b"\n")[:-1] if self._file.exists() else []


def rooms_hash() -> str:
    """SHA-256, in hexadecimal, of the source of every room that decides what a prover says."""
    package = Path(os.fspath(karat.__file__)).parent
    digest = hashlib.sha256()
    for place in _ROOMS:
        for file in sorted([*(package / place).rglob("*.py"), *(package / place).rglob("*.toml")]):
            digest.update(file.relative_to(package).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
