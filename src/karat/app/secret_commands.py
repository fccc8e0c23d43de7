"""karat secrets: keys and tokens, encrypted at rest."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from karat.app.console import say, show, show_json
from karat.app.key_ring import open_secrets
from karat.core.errors import InputError
from karat.core.time import iso

FromFile = Annotated[Path | None, Parameter(allow_leading_hyphen=True)]  # - alone is standard input
Passphrase = Annotated[bool, Parameter(negative="")]


def set_secret(
    name: str, *values: str, from_file: FromFile = None, passphrase: Passphrase = False,
    value: Annotated[str | None, Parameter(show=False)] = None,
) -> None:  # fmt: skip
    """Keep a secret: type it when you are asked, or take it from a file.

    Parameters
    ----------
    name
        What it is called, for example KARAT_COINGLASS_KEY.
    values
        Refused: what stands on a command line is kept by the shell and shown to every user of this machine.
    from_file
        The file that holds it; the end of its last line does not count. - reads standard input.
    passphrase
        With the first secret: lock all of them with a passphrase and not with a key file.
    value
        Refused, like any value on the command line.
    """
    from karat.keys.store import check_name, check_value

    if values or value is not None or "=" in name:
        message = "A secret is not given on the command line: the shell keeps it, and other programs can read it there."
        hint = "Count it as known to others. Type the new one when asked, or use --from-file."
        raise InputError("secret_in_arguments", message, hint)
    check_name(name)
    given = _typed(name) if from_file is None else _from_file(from_file)
    check_value(given)
    open_secrets().put(name, given, by_passphrase=passphrase)
    say(f"{name} is kept, encrypted.")


def list_secrets(*, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> None:
    """List the names of the secrets, and when each was set."""
    from rich.table import Table

    marks = open_secrets().marks()
    if as_json:
        show_json([{"name": mark.name, "set_ms": mark.set_ms} for mark in marks])
        return
    table = Table("secret", "set")
    for mark in marks:
        table.add_row(mark.name, iso(mark.set_ms))
    show(table if marks else "There is no secret.")


def remove_secret(name: str) -> None:
    """Forget a secret."""
    open_secrets().remove(name)
    say(f"{name} is gone from here. Backups may still hold it, encrypted: have its vendor withdraw it.")


def rekey_secrets(*, passphrase: Passphrase = False) -> None:
    """Encrypt all secrets anew, under a new key or a new passphrase.

    Parameters
    ----------
    passphrase
        Lock them with a new passphrase; with a new key in the key file when left out.
    """
    from karat.app.settings import secret_key_file

    count = open_secrets().rekey(by_passphrase=passphrase)
    what = "a new passphrase" if passphrase else f"a new key in {secret_key_file()}"
    say(f"Secrets under {what}: {count}. Earlier backups open with the earlier one.")


def _typed(name: str) -> str:
    if not sys.stdin.isatty():
        raise InputError("no_terminal", "There is nobody to type it.", "Use --from-file PATH, or --from-file - .")
    return getpass(f"{name}: ").strip()


def _from_file(path: Path) -> str:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("file_unreadable", f"{path} cannot be read as text.", "Check its place and rights.") from error
    return text.rstrip("\r\n")
