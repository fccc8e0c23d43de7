"""Where a run comes from: the version, commit, lock file, libraries and processor that its numbers hold for.

Read from files beside the package, without starting git. What cannot be known is undefined with a reason.
"""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from pathlib import Path
from typing import Any

import karat

_LOCKS = ("requirements/run.lock", "uv.lock", "pylock.toml", "requirements.lock")
_NO_CHECKOUT = "not run from a source checkout"


@cache
def origin() -> dict[str, Any]:
    """karat_version, commit, lock_hash, processor, libraries; JSON-ready."""
    root = _checkout()
    return {
        "karat_version": karat.__version__,
        "commit": _undefined(_NO_CHECKOUT) if root is None else _commit(root),
        "lock_hash": _undefined(_NO_CHECKOUT) if root is None else _lock_hash(root),
        "processor": _processor(),
        "libraries": _libraries(),
    }


def _undefined(why: str) -> dict[str, str]:
    return {"undefined": why}


def _checkout() -> Path | None:
    root = Path(karat.__file__).resolve().parents[2]
    project = root / "pyproject.toml"
    try:
        return root if 'name = "karat"' in project.read_text(encoding="utf-8") else None
    except OSError:
        return None


def _commit(root: Path) -> str | dict[str, str]:
    """The commit checked out, by git's own files; changes that are not committed are not seen."""
    folder = root / ".git"
    try:
        if folder.is_file():  # a linked worktree
            folder = (root / folder.read_text().removeprefix("gitdir:").strip()).resolve()
        head = (folder / "HEAD").read_text().strip()
        if not head.startswith("ref:"):
            return head
        name = head.removeprefix("ref:").strip()
        shared = folder / "commondir"
        homes = (folder, (folder / shared.read_text().strip()).resolve()) if shared.is_file() else (folder,)
        return _resolved(name, homes) or _undefined("nothing is committed yet")
    except OSError:
        return _undefined("not a git checkout")


def _resolved(name: str, homes: tuple[Path, ...]) -> str | None:
    for home in homes:
        if (home / name).is_file():
            return (home / name).read_text().strip()
        packed = home / "packed-refs"
        lines = packed.read_text().splitlines() if packed.is_file() else []
        for line in lines:
            if line.endswith(f" {name}"):
                return line.split()[0]
    return None


def _lock_hash(root: Path) -> str | dict[str, str]:
    for name in _LOCKS:
        if (root / name).is_file():
            return hashlib.sha256((root / name).read_bytes()).hexdigest()
    return _undefined("the checkout has no lock file")


def _processor() -> str:
    """Machine and processor family, by which compiled code is chosen."""
    from llvmlite.binding import get_host_cpu_name

    return f"{platform.machine()} {get_host_cpu_name()}".strip()


def _libraries() -> dict[str, str]:
    """The versions that decide the bits of a result."""
    import llvmlite
    import numba
    import numpy as np

    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
    }
