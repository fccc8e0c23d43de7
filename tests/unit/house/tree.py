"""The tracked files of the repository, as the house tests read them."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted((ROOT / "src" / "karat").rglob("*.py"))


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file git tracks here. Outside a git checkout the test says that it was not run."""
    listing = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=False)
    if listing.returncode != 0:
        if os.environ.get("CI"):
            pytest.fail(f"git cannot list the files: {listing.stderr.decode()}")
        pytest.skip("not run: this is no git checkout")
    paths = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def name_of(path: Path) -> str:
    """The path inside the repository."""
    return path.relative_to(ROOT).as_posix()


def texts() -> list[tuple[str, str]]:
    """Name and content of every tracked file that is text."""
    found: list[tuple[str, str]] = []
    for path in tracked_files():
        raw = path.read_bytes()
        if b"\0" not in raw[:8_000]:
            found.append((name_of(path), raw.decode("utf-8")))
    return found
