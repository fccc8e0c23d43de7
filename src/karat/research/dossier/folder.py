"""Dossiers that are kept: KARAT_HOME/dossiers/<strategy>-<market>-<proof>/, dead ones too.

`dossier.json` holds everything, `index.html` shows it, `code/` has the strategy's own files. The hash of dossier.json
is sealed in the trial ledger when it is written: a verdict that was edited is nobody's verdict.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from karat.core.errors import InputError, NeedsOperator
from karat.core.home import karat_home
from karat.lake.durable import replace_durably
from karat.research.dossier.document import sources
from karat.research.dossier.page import page
from karat.research.kept import json_bytes, room
from karat.research.ledger.trials import TrialLedger
from karat.strategies import Strategy

FILE = "dossier.json"


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier as it lies on the disk. `hash` is of the file."""

    folder: Path
    told: Mapping[str, Any]
    hash: str

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def verdict(self) -> str:
        return str(self.told["result"]["verdict"])


def write_dossier(
    told: Mapping[str, Any], strategy: Strategy, ledger: TrialLedger, now_ms: int, home: Path | None = None
) -> Dossier:
    """Keep a dossier and seal it. The same proof has the same folder; one that is there already is left as it is.

    Raises RetryLater `disk_full`, NeedsOperator `ledger_damaged`.
    """
    result = told["result"]
    folder = dossiers_folder(home) / f"{result['strategy']}-{str(result['market']).replace(':', '-')}-{told['proof']}"
    if not (folder / FILE).exists():
        with room(folder):
            (folder / "code").mkdir(parents=True, exist_ok=True)
            for name, text in sources(strategy).items():
                replace_durably(folder / "code" / name, text.encode())
            replace_durably(folder / "index.html", page(told).encode())
            replace_durably(folder / FILE, json_bytes(told))
    kept = load_dossier(folder)
    if kept.hash not in ledger.sealed():
        ledger.seal(strategy, kept.told["result"], kept.hash, now_ms)
    return kept


def fresh_page(dossier: Dossier) -> Path:
    """The page of a dossier, drawn again where it is not what dossier.json says: nothing seals the page itself.

    Raises RetryLater `disk_full`.
    """
    file, text = dossier.folder / "index.html", page(dossier.told).encode()
    if not file.is_file() or file.read_bytes() != text:
        with room(dossier.folder):
            replace_durably(file, text)
    return file


def load_dossier(folder: Path) -> Dossier:
    """Raises InputError `no_dossier`, NeedsOperator `dossier_damaged`."""
    file = folder / FILE if folder.is_dir() else folder
    if not file.is_file():
        raise InputError("no_dossier", f"There is no dossier at {folder}.", "List them: karat dossier list.")
    raw = file.read_bytes()
    try:
        told = json.loads(raw)
    except ValueError as error:
        hint = "Make it again: karat prove."
        raise NeedsOperator("dossier_damaged", f"Dossier {file.parent.name} cannot be read.", hint) from error
    return Dossier(file.parent, told, hashlib.sha256(raw).hexdigest())


def find_dossier(name: str, home: Path | None = None) -> Dossier:
    """A dossier by its path, its name, or a beginning of its name that only one has. Raises InputError `no_dossier`."""
    if Path(name).exists():
        return load_dossier(Path(name))
    found = [one for one in dossier_folders(home) if one.name.startswith(name)]
    if len(found) > 1:
        names = ", ".join(one.name for one in found[:3])
        raise InputError("no_dossier", f"{len(found)} dossiers begin with {name}.", f"Say more of the name: {names}.")
    return load_dossier(found[0] if found else dossiers_folder(home) / name)


def dossier_folders(home: Path | None = None) -> list[Path]:
    """Every dossier, the newest last."""
    files = sorted(dossiers_folder(home).glob(f"*/{FILE}"), key=lambda one: (one.stat().st_mtime_ns, str(one)))
    return [one.parent for one in files]


def dossiers_folder(home: Path | None = None) -> Path:
    """Where dossiers are kept."""
    return (home or karat_home()) / "dossiers"
