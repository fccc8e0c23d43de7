"""Every setting of the environment, looked at before anything starts: what is wrong is named, and nothing is started.

A name that is nearly one of Karat's is a slip, and is refused: what it was meant to set would silently not be set. Of
other names it is said that they mean nothing, unless they are named like a key: secrets may be called as one likes.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterator, Mapping

from karat.app import settings
from karat.core.errors import InputError

NEAR = 0.84  # of difflib: KARAT_HOEM and KARAT_LOGLEVEL are near, another setting of Karat is not
_OWN = (
    "KARAT_HOME", "KARAT_JOURNAL_URL", "KARAT_JOBS_AT_ONCE", "KARAT_JOBS_PRIORITY", "KARAT_SECRET_KEY_FILE",
    "KARAT_LOG_MEGABYTES", "KARAT_LOG_FILES", "KARAT_LOG_LEVEL", "KARAT_BACKUPS", "KARAT_KERNEL_CACHE", "KARAT_PLAIN",
    "KARAT_BINANCE_ARCHIVE", "KARAT_REDIS_URL", "KARAT_REDIS_KILL_KEY", "KARAT_SECRET_PASSPHRASE_FILE",
    "KARAT_SECRET_PASSPHRASE_FD", "KARAT_SECRET_NEW_PASSPHRASE_FILE", "KARAT_SECRET_NEW_PASSPHRASE_FD",
)  # fmt: skip
_OF_TESTS = ("KARAT_SHARED", "KARAT_CHROMIUM")
_KEY = re.compile(r"KARAT_[A-Z0-9_]*_(KEY|TOKEN|SECRET)(_FILE)?")


def known_settings() -> frozenset[str]:
    """Every name that means something to Karat."""
    from karat.app.feeds import FEEDS

    names = {*_OWN, *_OF_TESTS}
    for feed in FEEDS:
        names |= {feed.url_setting, feed.key_setting, f"{feed.key_setting}_FILE"}
    return frozenset(names)


def faults(environment: Mapping[str, str]) -> Iterator[InputError]:
    """Everything that is wrong: names first, then values."""
    known = known_settings()
    for name in sorted(environment):
        if name.startswith("KARAT_") and name not in known and not name.startswith("KARAT_STORM_"):
            near = difflib.get_close_matches(name, known, 1, NEAR)
            if near:
                yield InputError("unknown_setting", f"{name} is no setting of Karat.", f"Did you mean {near[0]}?")
    for check in _CHECKS:
        try:
            check()
        except InputError as error:
            yield error


def strangers(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Names that begin like Karat's and mean nothing to it, nor look like a key."""
    known = known_settings()
    mine = (name for name in sorted(environment) if name.startswith("KARAT_") and not name.startswith("KARAT_STORM_"))
    return tuple(name for name in mine if name not in known and not _KEY.fullmatch(name))


def check_settings(tell: Callable[[str], None]) -> None:
    """Look at all of them before a start. Raises the first InputError, with what else is wrong in its words."""
    found = list(faults(os.environ))
    if found:
        first, others = found[0], found[1:]
        more = "".join(f" Besides: {one.message} {one.hint}".rstrip() for one in others)
        raise InputError(first.code, first.message, f"{first.hint}{more}")
    for name in strangers(os.environ):
        tell(f"{name} is set, and means nothing to Karat.")


def _flag(name: str) -> Callable[[], None]:
    def check() -> None:
        if os.environ.get(name, "0") not in ("", "0", "1"):
            raise InputError("bad_flag", f"{name}={os.environ[name]} is neither on nor off.", "Use 0 or 1.")

    return check


def _home() -> None:
    from karat.core.home import karat_home

    home = karat_home()
    if home.exists() and not home.is_dir():
        raise InputError("bad_home", f"KARAT_HOME={home} is no folder.", "Name a folder; it is made when needed.")


def _journal() -> None:
    from karat.journal.place import journal_url

    journal_url()


def _sources() -> None:
    from karat.app.kill_sources import kill_sources

    kill_sources()


_CHECKS: tuple[Callable[[], object], ...] = (
    _home, _journal, _sources, settings.jobs_at_once, settings.jobs_have_usual_priority, settings.log_bytes_max,
    settings.log_files_max, settings.log_level, settings.backups_folder, settings.secret_key_file, _flag("KARAT_PLAIN"),
)  # fmt: skip
