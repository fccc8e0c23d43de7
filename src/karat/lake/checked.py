"""What checks found, kept beside the lake by the content that was checked, so that it is worked out once.

A check is true of exact bytes and exact rules: every record names the hash of the rows and the hash of the code that
judged them, and a record of other rows or other code is as good as none. A file that cannot be read or written costs
time and nothing else; the lake itself is never touched.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from karat.core.home import karat_home
from karat.core.model.table import TableName

_RANGES_KEPT = 64  # of one series: results on other ranges are worked out again
_FOLDER, _CODE = "checks", "code"


@cache
def rules_hash() -> str:
    """The hash of the code that judges data."""
    digest = hashlib.sha256()
    for path in sorted(files("karat.quality").iterdir(), key=lambda one: one.name):
        if path.name.endswith(".py"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


class Checked:
    """The records of one Karat home. Reads see what other processes write."""

    def __init__(self, home: Path | None = None) -> None:
        self._folder = (home or karat_home()) / _FOLDER
        self._read: dict[Path, tuple[tuple[int, int], dict[str, Any]]] = {}

    def report(self, name: TableName, content: str, around: str | None = None) -> dict[str, Any] | None:
        """What the check of that series found when its hash was `content`, and what it was compared with hashed to
        `around` (None: whatever it was)."""
        kept = self._load(self._path("series", name))
        same = kept.get("content") == content and around in (None, kept.get("around"))
        return kept.get("report") if same and kept.get(_CODE) == rules_hash() else None

    def keep_report(self, name: TableName, content: str, around: str, report: Mapping[str, Any]) -> None:
        """Keep what was found, in place of what was found before."""
        self._save(self._path("series", name), {"content": content, "around": around, "report": dict(report)})

    def score(self, name: TableName, bars: str) -> dict[str, Any] | None:
        """The score of exactly the bars that hash to `bars`, by themselves."""
        kept = self._load(self._path("bars", name))
        return kept.get("scores", {}).get(bars) if kept.get(_CODE) == rules_hash() else None

    def keep_score(self, name: TableName, bars: str, score: Mapping[str, Any]) -> None:
        """Keep the score of those bars; of one series the newest few are kept."""
        path = self._path("bars", name)
        kept = self._load(path)
        scores = kept.get("scores", {}) if kept.get(_CODE) == rules_hash() else {}
        newest = list(scores.items())[1 - _RANGES_KEPT :]
        self._save(path, {"scores": dict([*newest, (bars, dict(score))])})

    def _path(self, what: str, name: TableName) -> Path:
        """A readable name, and a hash because owners may hold any character."""
        text = f"{name.kind}.{name.owner}.{name.variant}"
        plain = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in text)[:80]
        return self._folder / what / f"{plain}.{hashlib.sha256(text.encode()).hexdigest()[:8]}.json"

    def _load(self, path: Path) -> dict[str, Any]:
        try:
            state = path.stat()
            version = (state.st_mtime_ns, state.st_ino)
            known = self._read.get(path)
            if known is None or known[0] != version:
                found = json.loads(path.read_bytes())
                known = version, found if isinstance(found, dict) else {}
                self._read[path] = known
        except (OSError, ValueError):
            return {}
        return known[1]

    def _save(self, path: Path, values: Mapping[str, Any]) -> None:
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps({_CODE: rules_hash(), **values}, allow_nan=False), "utf-8")
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)  # a full disk must not spoil the check itself
