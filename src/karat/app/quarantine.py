"""Series in quarantine, as commands show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from karat.app.console import say, show
from karat.core.time import iso
from karat.lake.names import words
from karat.ports.lake import Quarantined, Repaired


def quarantined_json(one: Quarantined) -> dict[str, Any]:
    """A series in quarantine as JSON values: its name as `kind`, `market` and `timeframe`, and `quarantined`: why."""
    return {
        "kind": one.name.kind,
        "market": one.name.owner,
        "timeframe": one.name.variant,
        "quarantined": one.why,
        "found": one.found_at_ms,
        "folder": str(one.folder),
        "first": one.first,
        "last": one.last,
        "rows": one.rows,
    }


def show_quarantined(lost: Sequence[Quarantined]) -> None:
    """A red table of series in quarantine, and what to do about them."""
    from rich.table import Table

    table = Table("in quarantine", "found", "rows", "until", "what is wrong", style="red")
    for one in lost:
        rows, until = ("" if one.rows is None else str(one.rows)), ("" if one.last is None else iso(one.last))
        table.add_row(words(one.name), iso(one.found_at_ms), rows, until, one.why)
    show(table)
    say("Keep what can be proven: karat data repair. Or bring it anew: karat data download, pull, or import --replace.")


def repaired_json(one: Repaired) -> dict[str, Any]:
    """What became of a series as JSON values."""
    name = one.name
    return {"kind": name.kind, "market": name.owner, "timeframe": name.variant, "rows": one.rows, "lost": one.lost}


def show_repaired(results: Sequence[Repaired]) -> None:
    """A line for each series."""
    if not results:
        say("Nothing is in quarantine.")
    for one in results:
        if not one.rows:
            told = "none of its rows can be proven; it stays in quarantine. Download, pull or import it"
        elif one.lost == 0:
            told = f"all {one.rows} rows are proven and served again"
        else:
            rest = "what came after them is" if one.lost is None else f"{one.lost} after them are"
            told = f"{one.rows} rows are proven and served again; {rest} not. Download, pull or import the rest"
        say(f"{words(one.name)}: {told}.")
