"""What research has proven about a bot: what its dossier says, as long as the bot is still the one it speaks of.

1. Only a dossier whose hash is sealed in the trial ledger counts. An edited one has another hash.
2. The bot's code, parameters, policy, market, timeframe and fees must be the dossier's, and so must be the code of the
   strategy as it is now.
3. Gold is proven, watch is on watch. Whatever is missing, damaged or different is not proven, with its reason.

It stays a verdict of research: what is asked for before real money comes on top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from karat.control.proved import changed_thresholds_of, differences, proved_by, same_code, seals, simulated
from karat.core.errors import KaratError
from karat.ports.journal import BotRecord
from karat.ports.verdict import Verdict
from karat.research.dossier.folder import FILE, Dossier, dossiers_folder, load_dossier
from karat.research.gates.verdict import Grade
from karat.research.ledger.trials import TrialLedger
from karat.strategies import find_strategy

MISSING = "Real money asks for more: months on paper, and readiness."
NO_DOSSIER = (
    "No dossier stands behind it: a backtest, however good, and a sweep, however wide, prove nothing. "
    "karat prove STRATEGY tries to break it, karat deploy DOSSIER makes bots of what survives."
)
_GRADES = {Grade.GOLD.value: Verdict.PROVEN, Grade.WATCH.value: Verdict.ON_WATCH}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and why it is no other."""

    verdict: Verdict
    reason: str


def unproven(reason: str = NO_DOSSIER) -> Judgement:
    """Not proven."""
    return Judgement(Verdict.NOT_PROVEN, reason)


class Judge:
    """Judges by the ledger and the dossiers of a home as they are now. What has not changed is not read again."""

    def __init__(self, home: Path | None = None) -> None:
        self._home = home
        self._kept: dict[Path, tuple[object, Any]] = {}

    def judge(self, record: BotRecord) -> Judgement:
        """The verdict on a bot. It raises nothing: what cannot be read proves nothing."""
        if record.dossier is None:
            return unproven()
        try:
            return self._by_dossier(record, record.dossier.id, record.dossier.hash)
        except KaratError as error:
            return unproven(error.message)

    def _by_dossier(self, record: BotRecord, name: str, digest: str) -> Judgement:
        ledger = TrialLedger(self._home)
        sealed = self._once(ledger.chain.path, lambda: seals(ledger)).get(digest)
        if sealed is None:
            return unproven(f"Dossier {name} is not sealed in the trial ledger.")
        folder = dossiers_folder(self._home) / name
        if not (folder / FILE).is_file():
            return unproven(f"Dossier {name} is not there any more.")
        dossier: Dossier = self._once(folder / FILE, lambda: load_dossier(folder))
        if dossier.hash != digest:
            return unproven(f"Dossier {name} is not the one it was deployed from: it was changed since.")
        verdict = _GRADES.get(sealed)
        if verdict is None:
            return unproven(f"Dossier {name} says {sealed.replace('_', ' ')}: {dossier.told['result']['reason']}")
        strategy = find_strategy(dossier.told["result"]["strategy"])
        if not same_code(dossier, strategy):
            return unproven(f"Its code has changed since dossier {name}. Prove it again: karat prove {strategy.name}.")
        others = list(differences(record, dossier, proved_by(dossier, strategy)))
        if others:
            return unproven(f"Not as in dossier {name}: its {', '.join(others)}.")
        return Judgement(verdict, told(dossier))

    def _once(self, file: Path, read: Callable[[], Any]) -> Any:
        """What `read` makes of a file, again only when the file is another."""
        mark = _mark(file)
        kept = self._kept.get(file)
        if kept is None or kept[0] != mark:
            kept = self._kept[file] = (mark, read())
        return kept[1]


def told(dossier: Dossier) -> str:
    """A gold or watch dossier in a sentence, with what it does not say."""
    changed = changed_thresholds_of(dossier)
    parts = [f"Its dossier says {dossier.verdict}. {dossier.told['result']['reason']}"]
    if changed:
        parts.append(f"Thresholds were changed: {', '.join(changed)}.")
    if simulated(dossier):
        parts.append("Its market is simulated: this says nothing about any real one.")
    return " ".join((*parts, MISSING))


def _mark(file: Path) -> object:
    """Tells a file from what it was; None while there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
