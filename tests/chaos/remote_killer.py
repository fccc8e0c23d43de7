"""Push to a folder, or pull from one, again and again, killed at every step that touches it. Run as a program by
test_remote_killed; what a step is, and what is told: see lake_killer.

Arguments: `push` or `pull`, the lake home, the place. What is told of a push is the lake that a pull from its place
then makes; of a pull, the lake it pulled into.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb  # noqa: F401  (imported before forking, so that a child need not)
from tests.chaos.lake_killer import in_child, main, seen

from karat.core.errors import InputError
from karat.lake.remote import working
from karat.lake.remote.folder import FolderObjects
from karat.lake.remote.pull import pull
from karat.lake.remote.push import push

working.TRANSFERS_AT_ONCE = 1  # one step after another, so that step k is the same one each time


def pull_from(place: Path) -> Callable[[Path], None]:
    """Pull into the lake of a home."""

    def work(home: Path) -> None:
        pull(home / "lake", FolderObjects(place), home / "incoming", tell=str)

    return work


def push_from(home: Path) -> Callable[[Path], None]:
    """Push the lake of a home to a place."""

    def work(place: Path) -> None:
        results = push(home / "lake", FolderObjects(place), tell=str)
        assert all(one.error is None for one in results), results

    return work


def kill_pushes(home: Path, begin: Path) -> None:
    """Kill a push at every step in turn."""
    k, killed = 0, True
    while killed:
        k += 1
        place = begin.with_name(f"{begin.name}-{k}")
        shutil.copytree(begin, place)
        killed = in_child(place, push_from(home), k)
        told = seen_there(place)
        in_child(place, push_from(home), None)
        print(json.dumps({"k": k, "killed": killed, "seen": told, "after": seen_there(place)}))
        shutil.rmtree(place)


def seen_there(place: Path) -> dict[str, str]:
    """The lake that a pull into an empty home makes; in a child, so that this process has no threads when it forks."""
    home = place.with_name(f"{place.name}-seen")

    def work(home: Path) -> None:
        try:
            results = pull(home / "lake", FolderObjects(place), home / "incoming", tell=str)
        except InputError as error:
            assert error.code == "remote_empty", error
        else:
            assert all(one.error is None for one in results), results

    in_child(home, work, None)
    told = seen(home)
    shutil.rmtree(home, ignore_errors=True)
    return told


if __name__ == "__main__":
    mode, home, place = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if mode == "push":
        kill_pushes(home, place)
    else:
        main(home, pull_from(place))
