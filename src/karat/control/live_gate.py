"""The gate before real money: a proven bot, and a person's signed word of the last 24 hours for exactly this bot.

1. What was confirmed is bound to the bot, its mode, venue, code, limits and dossier. Where one of them is another now,
   the word does not count, and what differs is named.
2. A gate that is shut refuses the start. Nothing is started in its place: no paper bot, no shadow (failures: R9).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from karat.control.proved import simulated
from karat.control.verdict import Judge
from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import venue_of
from karat.core.time import HOUR_MS
from karat.keys.files import private_bytes, replace_privately
from karat.ports.journal import BotRecord
from karat.ports.verdict import Verdict
from karat.research.dossier.folder import dossiers_folder, load_dossier

FOLDER = "confirmations"
ABOUT = "live confirmation"
LASTS_MS = 24 * HOUR_MS


class Signer(Protocol):
    """Who signs: the keys of the secrets."""

    def sign(self, about: str, content: bytes) -> str: ...

    def is_signed(self, about: str, content: bytes, told: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Bound:
    """What a confirmation is of. `limits` and `code` are hashes, `dossier` that of its file."""

    bot: str
    mode: str
    venue: str
    code: str
    limits: str
    dossier: str

    @classmethod
    def of(cls, record: BotRecord, limits_hash: str) -> Bound:
        """As the bot stands now."""
        dossier = "" if record.dossier is None else record.dossier.hash
        return cls(record.id, record.mode.value, venue_of(record.market), record.code_hash, limits_hash, dossier)


def confirm(home: Path, bound: Bound, who: str, typed: str, now_ms: int, signer: Signer) -> Path:
    """Keep a person's word. Raises InputError `not_confirmed` where the bot's name was not typed as it is."""
    if typed != bound.bot:
        hint = "Nothing was changed. Say it again, and type the name as it is shown."
        raise InputError("not_confirmed", f"That is not the name of {bound.bot}.", hint)
    told = {**asdict(bound), "by": who, "confirmed_ms": now_ms}
    path = _path(home, bound.bot)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {"told": told, "signature": signer.sign(ABOUT, _content(told))}
    replace_privately(path, json.dumps(kept, indent=1).encode())
    return path


def refuse_unproven(record: BotRecord, judge: Judge) -> None:
    """Raises InputError `live_not_proven` for a bot that no gold dossier speaks of."""
    judgement = judge.judge(record)
    if judgement.verdict is not Verdict.PROVEN:
        hint = "Prove it, and deploy the dossier: karat prove, karat deploy DOSSIER --mode live."
        raise InputError("live_not_proven", f"{record.name} is not proven: {judgement.reason}", hint)


def refuse_simulated(record: BotRecord, home: Path | None = None) -> None:
    """Raises InputError `live_not_proven` where the dossier's market was simulated: it says nothing of a real one."""
    assert record.dossier is not None, "what is proven has a dossier"
    if simulated(load_dossier(dossiers_folder(home) / record.dossier.id)):
        text = f"{record.name} was proved on a simulated market, which says nothing of a real one."
        raise InputError("live_not_proven", text, "Prove it on data of the venue where it is to trade.")


def refuse_unconfirmed(home: Path, bound: Bound, now_ms: int, signer: Signer) -> None:
    """Raises InputError `live_not_confirmed`, `live_confirmation_stale` or `live_changed`, NeedsOperator
    `live_confirmation_damaged` for a file that nobody here has signed."""
    hint = f"Confirm it: karat live confirm {bound.bot}."
    path = _path(home, bound.bot)
    try:
        kept = json.loads(private_bytes(path))
        told, mark = dict(kept["told"]), str(kept["signature"])
        known = signer.is_signed(ABOUT, _content(told), mark)
    except FileNotFoundError as error:
        text = f"Nobody has confirmed that {bound.bot} trades with money."
        raise InputError("live_not_confirmed", text, hint) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NeedsOperator("live_confirmation_damaged", f"{path} cannot be read.", f"Remove it. {hint}") from error
    if not known:
        text = f"The confirmation of {bound.bot} was changed, or was not signed here."
        raise NeedsOperator("live_confirmation_damaged", text, f"See who wrote {path}, then remove it.")
    age = now_ms - told["confirmed_ms"]
    if not 0 <= age < LASTS_MS:
        text = f"The confirmation of {bound.bot} is {age / HOUR_MS:,.1f} hours old: it lasts 24."
        raise InputError("live_confirmation_stale", text, hint)
    others = [name for name, value in asdict(bound).items() if told.get(name) != value]
    if others:
        text = f"{bound.bot} is not what was confirmed: its {', '.join(others)} changed since."
        raise InputError("live_changed", text, hint)


def no_live_venue(venue: str) -> InputError:
    """What stands behind an open gate as long as no adapter trades."""
    hint = "Run it on paper or in shadow: karat bots create --mode shadow."
    return InputError("no_live_venue", f"No live venue is built into this Karat: nothing can trade on {venue}.", hint)


def _path(home: Path, bot: str) -> Path:
    return home / FOLDER / f"{bot}.json"


def _content(told: dict[str, object]) -> bytes:
    return json.dumps(told, sort_keys=True, allow_nan=False).encode()
