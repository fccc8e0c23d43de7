"""Meet a damaged series again and again, killed at every step that touches the disk. Run by test_quarantine_killed.

For k = 1, 2, ...: take a fresh copy of a lake with one damaged series, read that in a child process that is killed just
before its k-th such step (see lake_killer), and tell what others then see and which files of the series there are. Then
read it again and change another series, unharmed, and tell once more. It ends with the first k that is not reached.

Argument: the lake home to begin with. One JSON object a line: {"k", "killed", "seen", "after"}.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.chaos.lake_killer import in_child
from tests.unit.lake.bars import MARKET, bars

from karat.core.errors import NeedsOperator
from karat.core.ids import MarketId
from karat.core.time import HOUR_MS
from karat.lake.store import open_lake

OTHER = MarketId("binance_perp:ETHUSDT")


def read(home: Path) -> None:
    """Meet the damage."""
    with suppress(NeedsOperator):
        open_lake(home).candles(MARKET, HOUR_MS)


def read_and_change(home: Path) -> None:
    """Meet it again, and go on with another series, twice, so that what nobody names is swept."""
    read(home)
    for count in (1, 2):
        with open_lake(home).change() as change:
            last = len(change.candles(OTHER, HOUR_MS) or ())
            change.append_candles(bars(count, first=last, market=OTHER))


def seen(home: Path) -> dict[str, Any]:
    """What a reader is told of the lake, and every file of the damaged series with a hash of its content."""
    lake = open_lake(home)
    label = "candles.binance_perp.BTCUSDT.1h.*"
    folders = [path for place in ("series", "quarantine") for path in (home / "lake" / place).glob(label)]
    files = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    return {
        "listed": [entry.market for entry in lake.list()],
        "quarantined": [found.name.owner for found in lake.quarantined()],
        "other": len(lake.candles(OTHER, HOUR_MS)),
        "files": sorted(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files),
    }


def main(begin: Path) -> None:
    """Kill at every step in turn."""
    k, killed = 0, True
    while killed:
        k += 1
        home = begin.with_name(f"{begin.name}-{k}")
        shutil.copytree(begin, home)
        killed = in_child(home, read, k)
        told = seen(home)
        in_child(home, read_and_change, None)
        print(json.dumps({"k": k, "killed": killed, "seen": told, "after": seen(home)}))
        shutil.rmtree(home)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
