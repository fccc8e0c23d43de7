"""What karat prove prints, and the table it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from karat.app.console import show

_COUNTS = ("entered", "passed", "buried", "no_evidence")
_COLOURS = {"gold": "bold yellow", "watch": "cyan", "buried": "red", "no_evidence": "dim"}


def show_proof(told: Mapping[str, Any]) -> None:
    """The verdicts and the funnel on the terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table("strategy", "market", "timeframe", "verdict", "stage", "reason")
    for one in told["verdicts"]:
        word = Text(_words(one["verdict"]), style=_COLOURS[one["verdict"]])
        table.add_row(
            one["strategy"], one["market"], one["timeframe"], word, _words(one["stage"] or "-"), one["reason"]
        )
    show(table)
    show(_funnel(told))
    if any(one["quality"]["simulated"] for one in told["data"]):
        show("SIMULATED DATA: these verdicts say nothing about any real market.")
    show(f"Proof {told['proof']}. Each verdict has its dossier, the buried ones too: karat dossier list.")


def _funnel(told: Mapping[str, Any]) -> Any:
    from rich.table import Table

    table = Table("stage")
    for head in ("entered", "passed", "buried", "no evidence"):
        table.add_column(head, justify="right")
    for row in told["funnel"]:
        table.add_row(
            _words(row["stage"]), *(str(row[name]) for name in ("entered", "passed", "buried", "no_evidence"))
        )
    return table


def _words(name: str) -> str:
    return name.replace("_", " ")


def proof_markdown(told: Mapping[str, Any]) -> str:
    """The verdicts, the funnel and what they rest on, as Markdown."""
    simulated = any(one["quality"]["simulated"] for one in told["data"])
    warning = ["**Simulated data.** These verdicts say nothing about any real market.", ""] if simulated else []
    verdicts = [
        (one["strategy"], one["market"], one["timeframe"], f"**{_words(one['verdict'])}**",
         _words(one["stage"] or "all passed"), one["reason"])
        for one in told["verdicts"]
    ]  # fmt: skip
    funnel = [(_words(row["stage"]), *(row[name] for name in _COUNTS)) for row in told["funnel"]]
    bars = [(one["market"], one["timeframe"], f"{one['bars']:,}", one["bars_hash"][:12]) for one in told["data"]]
    code = [(one["name"], one["code_hash"][:12]) for one in told["strategies"]]
    parts = (
        *warning,
        f"Written by `karat prove`, proof {told['proof']}. All at pessimistic costs, thresholds"
        f" {told['thresholds'][:12]}.",
        "",
        *_markdown(("strategy", "market", "timeframe", "verdict", "stage", "reason"), verdicts),
        "## The funnel",
        "",
        *_markdown(("stage", *map(_words, _COUNTS)), funnel),
        "## The bars, before the vaults",
        "",
        *_markdown(("market", "timeframe", "bars", "hash"), bars),
        "## The code",
        "",
        *_markdown(("strategy", "hash"), code),
    )
    return "\n".join(("# What was proved, and what was buried", "", *parts))


def _markdown(heads: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """A table with an empty line behind it."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return [*(f"| {' | '.join(map(str, line))} |" for line in lines), ""]
