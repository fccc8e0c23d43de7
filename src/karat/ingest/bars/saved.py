"""How far the bars of a stream are: a small file for each market, replaced after every change of the lake.

It may be behind the lake, when the process died between the two; then the trades in between are taken again, and their
bars are found to be there. It is never ahead.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from karat.bars import BarSpec, state_bytes, state_from_bytes
from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.ingest.bars.cuts import Missing
from karat.ingest.bars.making import Progress


def saved_path(folder: Path, market: MarketId) -> Path:
    """The file of a market in the folder of stream records."""
    return folder / f"{market}.bars"


def save_progress(path: Path, specs: Sequence[BarSpec], progress: Progress) -> None:
    """Replace the file. Raises OSError."""
    record = {
        "state": state_bytes(specs, progress.state).hex(),
        "made": progress.made,
        "last_ts": progress.last_ts,
        "at_last": progress.at_last,
        "last_number": progress.last_number,
        "cuts": progress.cuts,
        "missing": progress.missing,
    }
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(record, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def load_progress(path: Path, specs: Sequence[BarSpec]) -> Progress | None:
    """What was saved of these kinds; None where there is nothing of them, or the file is damaged: then the bars are
    built from the stored trades again."""
    try:
        record = json.loads(path.read_text("utf-8"))
        return Progress(
            state=state_from_bytes(specs, bytes.fromhex(record["state"])),
            made=tuple(int(count) for count in record["made"]),
            last_ts=int(record["last_ts"]),
            at_last=int(record["at_last"]),
            last_number=int(record["last_number"]),
            cuts=int(record["cuts"]),
            missing=tuple(Missing(int(begin), int(end)) for begin, end in record["missing"]),
        )
    except (OSError, ValueError, KeyError, TypeError, InputError):
        return None
