"""What a check found: findings that name the culprit, in one report per strategy and code hash."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from karat.core.time import iso
from karat.strategies.identity import files_hash


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `check` is stable and for machines: `raises`, `signals`, `repeat`, `order`, `state`,
    `inputs`, `future_removed`, `future_altered`, `warmup`, `nan`, `idle`, `source`.

    `bar` is the first bar of `dataset` that shows it and `ts` its open time (UTC ms), None where no bar is to blame.
    `culprit` names the indicator, input, operation or global; `line` is its line in `file`, 0 when unknown.
    """

    check: str
    message: str
    hint: str = ""
    dataset: str = ""
    parameters: str = ""
    bar: int | None = None
    ts: int | None = None
    culprit: str = ""
    file: str = ""
    line: int = 0

    def text(self) -> str:
        """The finding in one line."""
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        when = "" if self.bar is None else f" First at bar {self.bar} of '{self.dataset}'"
        if when and self.ts is not None:
            when += f" ({iso(self.ts)})"
        if when:
            when += f" with {self.parameters}." if self.parameters else "."
        return f"{where}{self.message}{when} {self.hint}".strip()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The result of one check. `cuts` counts the prefixes and altered futures tried, over all `datasets`.

    `not_carried` says why a bot must compute the signals from the anchor at every bar; empty where it is proved that
    carried ones are the same.
    """

    strategy: str
    code_hash: str
    checker: str
    passed: bool
    findings: tuple[Finding, ...]
    datasets: tuple[str, ...]
    cuts: int
    not_carried: str

    @property
    def carried(self) -> bool:
        """Whether a bot may go on from carried state."""
        return not self.not_carried

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @staticmethod
    def from_dict(given: dict[str, Any]) -> CheckReport:
        """The inverse of `as_dict`. Raises TypeError or KeyError when `given` is something else."""
        findings = tuple(Finding(**one) for one in given["findings"])
        plain: dict[str, Any] = {**given, "findings": findings, "datasets": tuple(given["datasets"])}
        return CheckReport(**plain)


@lru_cache(maxsize=1)
def checker_hash() -> str:
    """SHA-256 over the checker's own sources: a report of another checker says nothing about this one."""
    return files_hash(sorted(Path(__file__).resolve().parent.glob("*.py")))
