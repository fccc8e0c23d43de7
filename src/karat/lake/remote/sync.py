"""Pull, then push: afterwards both sides hold every series of either. What differs is refused by name."""

from __future__ import annotations

from pathlib import Path

from karat.core.errors import InputError
from karat.lake.remote.pull import pull
from karat.lake.remote.push import Telling, push
from karat.lake.remote.result import REFUSED, UNCHANGED, SeriesResult
from karat.ports.objects import Objects


def sync(root: Path, objects: Objects, folder: Path, *, tell: Telling) -> list[SeriesResult]:
    """What became of each series, on the side that was behind."""
    try:
        results = {one.name: one for one in pull(root, objects, folder, tell=tell)}
    except InputError as error:
        if error.code != "remote_empty":
            raise
        results = {}
    for one in push(root, objects, tell=tell):
        before = results.get(one.name)
        if before is None or (one.status != UNCHANGED and before.status != REFUSED):
            results[one.name] = one
    return sorted(results.values(), key=lambda one: one.name)
