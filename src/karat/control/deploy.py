"""From a dossier to the bot it speaks of. Nothing else marks a bot as proven."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from karat.control.proved import Proved, proved_by, same_code
from karat.core.errors import InputError
from karat.ports.cockpit import EventKind
from karat.ports.journal import BotRecord, DossierMark, Happening
from karat.research.dossier.folder import Dossier, dossiers_folder, load_dossier
from karat.research.gates.verdict import Grade
from karat.strategies import Strategy, find_strategy

_NAME_CHARACTERS = 63


@dataclass(frozen=True, slots=True)
class Deployment:
    """A dossier that bots may be made of."""

    dossier: Dossier
    strategy: Strategy
    proved: Proved

    @property
    def name(self) -> str:
        """What its bot is called unless it is told otherwise."""
        text = f"{self.strategy.name}-{self.proved.market}".lower()
        return re.sub(r"[^a-z0-9_-]", "-", text)[:_NAME_CHARACTERS]

    @property
    def mark(self) -> DossierMark:
        return DossierMark(self.dossier.id, self.dossier.hash)

    def happening(self) -> Happening:
        """What the bot's events begin with."""
        dossier = self.dossier
        text = f"Deployed from dossier {dossier.id}: {dossier.verdict}."
        return Happening(
            EventKind.DEPLOYED, text, {"dossier": dossier.id, "hash": dossier.hash, "verdict": dossier.verdict}
        )


def deployment(
    dossier: Dossier, sealed: Mapping[str, str], home: Path | None = None, *, watch: bool = False
) -> Deployment:
    """`sealed` as `control.proved.seals` has it. `watch`: those that are only watched may be deployed too.

    Raises InputError `dossier_not_sealed`, `dossier_foreign`, `not_deployable`, `code_changed`, and `unknown_strategy`.
    """
    verdict = sealed.get(dossier.hash)
    if verdict is None:
        hint = "It was edited, or made elsewhere. Make it here: karat prove."
        raise InputError("dossier_not_sealed", f"Dossier {dossier.id} is not sealed in this trial ledger.", hint)
    if load_dossier(dossiers_folder(home) / dossier.id).hash != dossier.hash:
        hint = "Give its name, as karat dossier list has it."
        raise InputError("dossier_foreign", f"Dossier {dossier.id} is not the one that is kept here.", hint)
    _refuse_unproven(dossier, verdict, watch=watch)
    name = str(dossier.told["result"]["strategy"])
    strategy = find_strategy(name)
    if not same_code(dossier, strategy):
        hint = f"Prove it again: karat prove {name}."
        raise InputError("code_changed", f"The code of {name} has changed since dossier {dossier.id}.", hint)
    return Deployment(dossier, strategy, proved_by(dossier, strategy))


def _refuse_unproven(dossier: Dossier, verdict: str, *, watch: bool) -> None:
    reason = str(dossier.told["result"]["reason"])
    if verdict == Grade.WATCH and not watch:
        hint = "Use --watch for a bot on paper that is marked as on watch."
        raise InputError("not_deployable", f"Dossier {dossier.id} is only on watch: {reason}", hint)
    if verdict not in (Grade.GOLD, Grade.WATCH):
        words = verdict.replace("_", " ")
        hint = "Bots are made of gold: karat dossier list. A bot without proof: karat bots create."
        raise InputError("not_deployable", f"Dossier {dossier.id} says {words}: {reason}", hint)


def refuse_twice(wanted: Deployment, records: tuple[BotRecord, ...]) -> None:
    """Raises InputError `already_deployed` where a bot of the same dossier is there."""
    there = next((one for one in records if one.dossier is not None and one.dossier.hash == wanted.dossier.hash), None)
    if there is not None:
        hint = "Give the second one a name of its own: --name."
        raise InputError("already_deployed", f"Dossier {wanted.dossier.id} runs as {there.name} already.", hint)
