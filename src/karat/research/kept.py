"""Folders of work that is kept while it runs, named by what decides its result: the same work has the same folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from karat.core.errors import RetryLater
from karat.lake.durable import replace_durably
from karat.lake.refusals import DISK_FULL

SPEC = "spec.json"
_ID_DIGITS = 12


def spec_id(spec: Mapping[str, Any]) -> str:
    """The name of the folder of `spec`, JSON-ready: the beginning of its SHA-256."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True, allow_nan=False).encode()).hexdigest()[:_ID_DIGITS]


def spec_folder(parent: Path, spec: Mapping[str, Any], inside: str = "") -> Path:
    """The folder of `spec` under `parent`, with `inside` in it and the spec beside; made when it is not there.

    Raises RetryLater `disk_full`.
    """
    folder = parent / spec_id(spec)
    with room(folder):
        (folder / inside).mkdir(parents=True, exist_ok=True)
        if not (folder / SPEC).exists():
            replace_durably(folder / SPEC, json_bytes(spec))
    return folder


def json_bytes(told: Mapping[str, Any]) -> bytes:
    """A document as it is kept."""
    return json.dumps(told, indent=1, allow_nan=False).encode()


@contextmanager
def room(folder: Path) -> Generator[None]:
    """Translates a full disk. Raises RetryLater `disk_full`."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        hint = "Free some space and give the same command again: it goes on where it was."
        raise RetryLater("disk_full", f"No space left for {folder}.", hint) from error
