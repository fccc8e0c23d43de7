"""What `karat doctor` looks at, one function a line. Nothing is changed but that a journal of an earlier version is
brought up, as by every command. What cannot be found out is red.

A look returns its lines; of what it raises `looked` makes one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from karat.control.account_verdict import account_faults
from karat.core.errors import KaratError
from karat.core.home import karat_home
from karat.core.ids import venue_of
from karat.ports.account_check import AccountCheck
from karat.ports.cockpit import Mode
from karat.ports.journal import BotRecord

DISK_BYTES_MIN = 500 * 2**20
NO_CHECKS: Mapping[str, AccountCheck] = {}


class State(StrEnum):
    """What a line says. NOTE is worth knowing and stops nobody."""

    OK = "ok"
    NOTE = "note"
    RED = "red"
    NONE = "not applicable"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what was looked at, how it is, in words, and what to do."""

    name: str
    state: State
    text: str
    todo: str = ""


Look = Callable[[], Line | tuple[Line, ...]]


def looked(name: str, look: Look) -> tuple[Line, ...]:
    """The lines of a look. What hinders it is red: not known is not well."""
    try:
        found = look()
    except KaratError as error:
        return (Line(name, State.RED, error.message, error.hint or "See what the message names."),)
    except Exception as error:  # noqa: BLE001 - what is broken breaks its own line and no other
        text = f"it cannot be looked at: {type(error).__name__}: {error}"
        return (Line(name, State.RED, text, "Check places and rights; see the line of the journal."),)
    return found if isinstance(found, tuple) else (found,)


def home() -> Line:
    """Folder and disk."""
    folder = karat_home()
    there = folder if folder.exists() else folder.parent
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Line("home", State.RED, f"{folder} cannot be written", "Check its rights, or set KARAT_HOME.")
    if folder.exists():
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
            pass
    free = shutil.disk_usage(there).free
    text = f"{folder}, {free / 2**30:,.1f} GB free"
    if free < DISK_BYTES_MIN:
        return Line("home", State.RED, text, f"Make room: below {DISK_BYTES_MIN // 2**20} MB entries may stop.")
    return Line("home", State.OK, text)


def settings() -> Line:
    """The environment."""
    from karat.app.settings_check import faults, strangers

    wrong = [f"{one.message} {one.hint}".strip() for one in faults(os.environ)]
    if wrong:
        return Line("settings", State.RED, " ".join(wrong), "Set them right; nothing starts before.")
    odd = strangers(os.environ)
    if odd:
        return Line("settings", State.NOTE, f"{', '.join(odd)} mean nothing to Karat", "Unset them.")
    return Line("settings", State.OK, "every KARAT_ variable is known and well formed")


def journal() -> tuple[Line, ...]:
    """Opens, is of this version, is whole, can be written; and who holds the lease."""
    from karat.journal import journal_is_there, open_journal
    from karat.journal.health import journal_faults
    from karat.journal.tables import VERSION

    if not journal_is_there():
        none = Line("journal", State.NONE, "there is none yet", "It is made with the first bot: karat bots create.")
        return (none, Line("lease", State.NONE, "without a journal there is none"))
    with closing(open_journal()) as opened:
        alive = opened.desk_is_alive()
    wrong = journal_faults()
    if wrong:
        hint = "Stop Karat, keep the file, and put a backup in its place: karat restore."
        whole = Line("journal", State.RED, "; ".join(wrong), hint)
    else:
        whole = Line("journal", State.OK, f"version {VERSION}, whole, can be written")
    lease = "a process runs the bots now" if alive else "free: no process runs the bots"
    return (whole, Line("lease", State.OK, lease))


def kill_switch() -> tuple[Line, ...]:
    """Kill switch, safe mode, halts."""
    from karat.app.kill_commands import kill_status

    told = kill_status()
    lines: list[Line] = []
    if told["latched"] or told["flags"]:
        why = told["reason"] or "; ".join(f"{name}: {words}" for name, words in told["flags"].items())
        lines.append(Line("kill switch", State.RED, f"pulled: {why}", "karat kill --release --by NAME, when flat."))
    elif told["unknown"]:
        why = "; ".join(f"{name}: {words}" for name, words in told["unknown"].items())
        lines.append(Line("kill switch", State.RED, f"not known, so entries are refused: {why}", "Mend the source."))
    else:
        lines.append(Line("kill switch", State.OK, "not pulled"))
    return (*lines, *_held_back())


def _held_back() -> Iterator[Line]:
    from karat.journal import journal_is_there, open_journal

    if not journal_is_there():
        return
    with closing(open_journal()) as opened:
        facts = opened.facts()
    if reason := facts.get("safe_mode", {}).get("reason"):
        yield Line("safe mode", State.RED, f"on: {reason}", "See the logs, then: karat bots resume --all.")
    for name, told in facts.items():
        if name.startswith("halt:") and told:
            bot = name.partition(":")[2]
            yield Line("halts", State.NOTE, f"{bot} is halted: {told['reason']}", f"karat bots resume {bot}.")


def secrets() -> Line:
    """The store of secrets and its key."""
    from karat.app.key_ring import open_secrets
    from karat.app.settings import secret_key_file
    from karat.keys.document import read_document
    from karat.keys.files import read_keys
    from karat.keys.store import FILE_NAME

    document = read_document(karat_home() / FILE_NAME)
    count = len(open_secrets().marks())
    if document is not None and document.lock.by_passphrase:
        return Line("secrets", State.OK, f"{count} under a passphrase, which was not asked for")
    if document is None and not secret_key_file().exists():
        return Line("secrets", State.NONE, "there are none")
    read_keys(secret_key_file())
    return Line("secrets", State.OK, f"{count}, and their key can be read by its owner alone")


def limits() -> Line:
    """The numbers of risk."""
    from karat.app.live_commands import limits_in_force

    found = limits_in_force()
    return Line("limits", State.OK, f"{len(found.all)} limits are valid, hash {found.hash[:12]}")


def logs() -> Line:
    """The folder of logs."""
    from karat.app.logs import logs_folder

    folder = logs_folder()
    if not folder.exists():
        return Line("logs", State.NONE, f"{folder} is made with the first run")
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
        pass
    return Line("logs", State.OK, f"{folder} can be written")


def time_zones() -> Line:
    """The data of time zones, by which sessions of exchanges are known."""
    try:
        ZoneInfo("America/New_York")
    except ZoneInfoNotFoundError:
        return Line("time zones", State.RED, "their data is missing", "Install the package tzdata.")
    return Line("time zones", State.OK, "their data is there")


def kernel() -> Line:
    """Whether the simulation is compiled."""
    from karat.core.compiled import PLAIN, kernel_cache_dir

    if PLAIN:
        return Line("kernel", State.NOTE, "KARAT_PLAIN=1: it runs uncompiled, slowly", "Unset KARAT_PLAIN.")
    folder = Path(kernel_cache_dir())
    if not folder.exists() or not any(folder.rglob("*.nbi")):
        return Line("kernel", State.NOTE, "not compiled yet: the first run takes a minute longer", "karat demo, once.")
    return Line("kernel", State.OK, "compiled")


def models() -> Line:
    """Models of machine learning."""
    return Line("models", State.NONE, "no bot uses one")


def accounts(records: Sequence[BotRecord], checks: Mapping[str, AccountCheck] = NO_CHECKS) -> tuple[Line, ...]:
    """Balances and rights of the keys of live bots; `checks` by venue, of which none is built in yet."""
    live = sorted({venue_of(one.market) for one in records if one.mode is Mode.LIVE})
    if not live:
        return (Line("account", State.NONE, "no account adapter is needed: no bot trades with money"),)
    return tuple(_account(venue, checks.get(venue)) for venue in live)


def _account(venue: str, check: AccountCheck | None) -> Line:
    if check is None:
        text = f"{venue}: no account adapter is built in, so nothing is known of keys and balances"
        return Line("account", State.RED, text, "Run its bots on paper or in shadow.")
    wrong = account_faults(check)
    if wrong:
        return Line("account", State.RED, f"{venue}: {'; '.join(wrong)}", "Mend it at the venue, under its API keys.")
    return Line("account", State.OK, f"{venue}: the key trades and cannot withdraw, and there is money")
