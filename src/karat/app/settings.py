"""What Karat is run with: named values, the environment where a user may differ, and the token of the page."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path

from karat.core.errors import InputError
from karat.core.home import karat_home

PORT = 8750
HOST = "127.0.0.1"
REPLAY_BARS_PER_SECOND = 2.0
JOBS_AT_ONCE = 1  # a sweep takes every core there is
JOBS_AT_ONCE_MAX = 64
LOG_MEGABYTES = 10
LOG_FILES = 5
LOG_LEVELS = ("debug", "info", "warning", "error")
BACKUPS_KEPT = 7
TOKEN_BYTES = 24
TOKEN_CHARACTERS_MIN = 16


def jobs_at_once() -> int:
    """How many jobs are made to run beside each other: KARAT_JOBS_AT_ONCE, else one. Raises InputError `bad_count`."""
    told = os.environ.get("KARAT_JOBS_AT_ONCE", str(JOBS_AT_ONCE))
    if not re.fullmatch("[0-9]{1,2}", told) or not 1 <= int(told) <= JOBS_AT_ONCE_MAX:
        raise InputError("bad_count", f"KARAT_JOBS_AT_ONCE={told} is no such number.", f"Use 1 to {JOBS_AT_ONCE_MAX}.")
    return int(told)


def jobs_have_usual_priority() -> bool:
    """Whether jobs in the background run like any other process: KARAT_JOBS_PRIORITY=usual, else lowest.

    For a machine without bots, where nobody comes before them. Raises InputError `bad_priority`.
    """
    told = os.environ.get("KARAT_JOBS_PRIORITY", "lowest")
    if told not in ("lowest", "usual"):
        raise InputError("bad_priority", f"KARAT_JOBS_PRIORITY={told} is none.", "Use lowest or usual.")
    return told == "usual"


def secret_key_file() -> Path:
    """Where the key of the secrets lies: KARAT_SECRET_KEY_FILE, else in the user's folder of settings."""
    told = os.environ.get("KARAT_SECRET_KEY_FILE")
    if told:
        return Path(told).expanduser().absolute()
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "karat" / "secrets.key"


def log_bytes_max() -> int:
    """How long a log file grows before the next one begins: KARAT_LOG_MEGABYTES, else 10. Raises InputError."""
    return _count("KARAT_LOG_MEGABYTES", LOG_MEGABYTES, 1_000) * 2**20


def log_files_max() -> int:
    """How many log files of one kind are kept: KARAT_LOG_FILES, else 5. Raises InputError `bad_count`."""
    return _count("KARAT_LOG_FILES", LOG_FILES, 99)


def log_level() -> str:
    """From which level on logs are written: KARAT_LOG_LEVEL, else info. Raises InputError `bad_level`."""
    told = os.environ.get("KARAT_LOG_LEVEL", "info").lower()
    if told not in LOG_LEVELS:
        raise InputError("bad_level", f"KARAT_LOG_LEVEL={told} is no level.", f"Use {', '.join(LOG_LEVELS)}.")
    return told.upper()


def backups_folder() -> Path:
    """Where backups go: KARAT_BACKUPS, else a folder beside KARAT_HOME."""
    told = os.environ.get("KARAT_BACKUPS")
    home = karat_home()
    return Path(told).expanduser().resolve() if told else home.with_name(f"{home.name}-backups")


def _count(name: str, otherwise: int, most: int) -> int:
    told = os.environ.get(name, str(otherwise))
    if not re.fullmatch("[0-9]{1,4}", told) or not 1 <= int(told) <= most:
        raise InputError("bad_count", f"{name}={told} is no such number.", f"Use 1 to {most}.")
    return int(told)


def token_path(home: Path | None = None) -> Path:
    """Where the token of the API lies."""
    return (home or karat_home()) / "token"


def api_token(home: Path | None = None) -> str:
    """The token that the API asks for; made on first use, readable by this user only.

    Raises InputError `bad_token` when the file holds nothing usable.
    """
    path = token_path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(TOKEN_BYTES) + "\n")
    token = path.read_text(encoding="utf-8").strip()
    if len(token) < TOKEN_CHARACTERS_MIN or not token.isascii() or any(one.isspace() for one in token):
        raise InputError("bad_token", f"{path} holds no usable token.", "Remove the file; a new one is made.")
    path.chmod(0o600)
    return token


def page_url(host: str, port: int, token: str) -> str:
    """The address that opens the page signed in. The part behind # is not sent to the server nor logged by it."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/#token={token}"
