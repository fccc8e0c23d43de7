"""Keys of this process: where one is found, and what of them must never be shown.

A key is looked for in the variable of its name, then in the file that NAME_FILE names, then in the store of secrets. So
the environment wins: what is given for one run counts for that run.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from functools import cache
from getpass import getpass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from karat.app.settings import secret_key_file
from karat.core.errors import InputError, NeedsOperator
from karat.core.home import karat_home
from karat.ports.redaction import Redactor

if TYPE_CHECKING:
    from karat.keys.store import FolderSecrets

REDACTION = Redactor()  # of everything that this process shows or writes down
PASSPHRASE_CHARACTERS_MIN = 12
_PASSPHRASE, _NEW_PASSPHRASE = "KARAT_SECRET_PASSPHRASE", "KARAT_SECRET_NEW_PASSPHRASE"


def open_secrets() -> FolderSecrets:
    """The secrets of this Karat home. A passphrase is asked for once in a process, when it is needed."""
    return _opened(karat_home(), secret_key_file())


@cache
def _opened(home: Path, key_file: Path) -> FolderSecrets:
    from karat.keys.store import FolderSecrets, KeySource

    source = KeySource(key_file, _passphrase)
    return FolderSecrets(home, source, REDACTION.register, lambda: time.time_ns() // 1_000_000)


def has_key(name: str) -> bool:
    """Whether `key_of` would find one. Needs no key of the store."""
    given = os.environ.get(name) or os.environ.get(f"{name}_FILE")
    return bool(given) or any(mark.name == name for mark in open_secrets().marks())


def key_of(name: str) -> str:
    """A key by its name, "" where there is none. From here on it is taken out of logs and errors.

    Raises InputError `key_missing` for a file that cannot be read, and what `SecretStore.get` raises.
    """
    value, file = os.environ.get(name, ""), os.environ.get(f"{name}_FILE")
    if not value and file:
        value = _first_line(file, f"{name}_FILE")
    if not value:
        secrets = open_secrets()
        return secrets.get(name).reveal() if any(mark.name == name for mark in secrets.marks()) else ""
    REDACTION.register(value)
    return value


def show_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A programmer's error on standard error, without secrets: what `sys.excepthook` takes."""
    print(REDACTION.clean("".join(traceback.format_exception(kind, error, trace))), file=sys.stderr, end="")


def show_thread_crash(told: threading.ExceptHookArgs) -> None:
    """The same for `threading.excepthook`."""
    if told.exc_value is not None:
        show_crash(told.exc_type, told.exc_value, told.exc_traceback)


def _first_line(file: str, named_by: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"The file that {named_by} names cannot be read."
        raise InputError("key_missing", message, "Check its place and its rights.") from error


def _passphrase(new: bool) -> str:
    """From a file, from an open file descriptor, or typed; never from an argument or a variable.

    Raises NeedsOperator `passphrase_missing`, InputError `bad_passphrase`.
    """
    given = _given_passphrase(_NEW_PASSPHRASE) if new else ""
    given = given or _given_passphrase(_PASSPHRASE)
    if not given:
        if not sys.stdin.isatty():
            hint = f"Run it where you can type it, or set {_PASSPHRASE}_FILE or {_PASSPHRASE}_FD."
            raise NeedsOperator("passphrase_missing", "The passphrase of the secrets is needed.", hint)
        given = getpass("New passphrase of the secrets: " if new else "Passphrase of the secrets: ")
        if new and getpass("The same again: ") != given:
            raise InputError("bad_passphrase", "These are two passphrases.", "Nothing was changed: begin again.")
    if len(given) < PASSPHRASE_CHARACTERS_MIN:
        hint = "Some words that nobody else would put together are good."
        raise InputError("bad_passphrase", f"It has fewer than {PASSPHRASE_CHARACTERS_MIN} characters.", hint)
    REDACTION.register(given)
    return given


def _given_passphrase(name: str) -> str:
    if file := os.environ.get(f"{name}_FILE"):
        from karat.keys.files import private_bytes

        try:
            return private_bytes(Path(file)).decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            message = f"The file that {name}_FILE names cannot be read."
            raise NeedsOperator("passphrase_missing", message, "Check its place and its rights.") from error
    if number := os.environ.get(f"{name}_FD"):
        return _from_descriptor(name, number)
    return ""


@cache
def _from_descriptor(name: str, number: str) -> str:
    """What can be read there, once: a pipe is empty after that."""
    try:
        with os.fdopen(int(number), encoding="utf-8") as given:
            return given.read().strip()
    except (OSError, ValueError) as error:
        message = f"Nothing can be read from the file descriptor that {name}_FD names."
        raise NeedsOperator("passphrase_missing", message, "Open it for the command: 3<file.") from error
