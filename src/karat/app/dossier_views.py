"""What karat dossier prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

from karat.app.console import show
from karat.core.time import iso

if TYPE_CHECKING:
    from karat.research.dossier.folder import Dossier
    from karat.research.dossier.verify import Difference, Verified

DIFFERENCES_SHOWN = 20
_COLOURS = {"gold": "bold yellow", "watch": "cyan", "buried": "red", "no_evidence": "dim"}


def dossier_row(dossier: Dossier, sealed: Set[str]) -> dict[str, Any]:
    """A dossier in a line of a list. A file that was never sealed is nobody's verdict."""
    told, result = dossier.told, dossier.told["result"]
    names = ("strategy", "market", "timeframe", "verdict", "stage", "decided_by", "reason")
    return {
        "dossier": dossier.id, **{name: result[name] for name in names}, "proof": told["proof"], "made": told["made"],
        "simulated": told["simulated"], "sealed": dossier.hash in sealed, "folder": str(dossier.folder),
    }  # fmt: skip


def show_dossiers(rows: Sequence[Mapping[str, Any]]) -> None:
    """The list on the terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table("strategy", "market", "timeframe", "verdict", "stage", "reason", "proof", "made")
    for one in rows:
        word = Text(_words(one["verdict"]), style=_COLOURS[one["verdict"]])
        data = " (simulated)" if one["simulated"] else ""
        reason = one["reason"] if one["sealed"] else "EDITED: the trial ledger never sealed this file."
        table.add_row(
            one["strategy"], f"{one['market']}{data}", one["timeframe"], word, _words(one["stage"] or "-"),
            Text(reason), one["proof"], _day(one["made"]),
        )  # fmt: skip
    show(table)
    show(f"{len(rows)} dossiers. One in full: karat dossier show NAME; its page: karat dossier open NAME.")
    show(f"A name is strategy-market-proof, as {rows[-1]['dossier']}; as much of it as only one has is enough.")


def show_one(dossier: Dossier, row: Mapping[str, Any]) -> None:
    """One dossier on the terminal."""
    from rich.text import Text

    told, result = dossier.told, dossier.told["result"]
    where = f"{result['strategy']} on {result['market']} {result['timeframe']}"
    show(Text.assemble((_words(result["verdict"]).upper(), _COLOURS[result["verdict"]]), f"  {where}"))
    if told["simulated"]:
        show("SIMULATED DATA: this verdict says nothing about any real market.")
    if not row["sealed"]:
        show("EDITED: the trial ledger never sealed this file, so it is nobody's verdict.")
    ended = f"Ended at the stage {_words(result['stage'])}" if result["stage"] else "All stages passed"
    show(Text(f"{ended}: {result['reason']}"))
    settings = " ".join(f"{name}={value}" for name, value in result["settings"].items())
    show(Text(f"Parameters: {settings or 'none'}"))
    show(_checks(result["stages"]))
    luck = next((one["numbers"]["luck"] for one in result["stages"] if "luck" in one["numbers"]), None)
    if luck is not None:
        show(
            f"Trials: {luck['trials']:,} of the family {luck['family']}, charged as {luck['charged_trials']:,.1f}"
            f" independent ones; luck alone shows a Sharpe of {luck['annual_sharpe_of_luck']:.2f}."
        )
    show(f"Proof {told['proof']}, made {_day(told['made'])}. Page: {dossier.folder / 'index.html'}")


def _checks(stages: Sequence[Mapping[str, Any]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table("stage", "check", "outcome", "reason")
    for stage in stages:
        for at, one in enumerate(stage["checks"]):
            name = _words(stage["stage"]) if at == 0 else ""
            style = "" if one["outcome"] == "passed" else _COLOURS[one["outcome"]]
            table.add_row(name, one["check"], Text(_words(one["outcome"]), style=style), Text(one["reason"]))
    return table


def show_verified(dossier: Dossier, verified: Verified) -> None:
    """What came of making it again."""
    from rich.table import Table
    from rich.text import Text

    if verified.is_same:
        show(f"verified: {dossier.id} was proved again, and every field of its result is the same.")
        return
    count = len(verified.differences)
    show(
        f"DIFFERENT: {dossier.id} was proved again, and {count:,} field{'' if count == 1 else 's'} came out otherwise."
    )
    table = Table("field", "dossier", "now")
    for one in verified.differences[:DIFFERENCES_SHOWN]:
        table.add_row(Text(one.path), Text(str(one.kept)), Text(str(one.made)))
    show(table)
    if count > DIFFERENCES_SHOWN:
        show(f"The first {DIFFERENCES_SHOWN} of {count:,} are shown; --json prints all.")
    for one in verified.elsewhere:
        show(Text(f"Made elsewhere: {one.path} was {one.kept}, is {one.made}. Other libraries may round otherwise."))


def verified_json(dossier: Dossier, verified: Verified) -> dict[str, Any]:
    """For --json."""
    return {
        "dossier": dossier.id,
        "verified": verified.is_same,
        "differences": [_difference(one) for one in verified.differences],
        "elsewhere": [_difference(one) for one in verified.elsewhere],
    }


def _difference(one: Difference) -> dict[str, Any]:
    return {"field": one.path, "kept": one.kept, "made": one.made}


def _words(name: str) -> str:
    return name.replace("_", " ")


def _day(milliseconds: int) -> str:
    return iso(milliseconds)[:10]
