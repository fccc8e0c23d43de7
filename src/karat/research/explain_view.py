"""An explanation for people and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from karat.research.explain import Explanation
from karat.research.explain_lines import Line
from karat.research.manifest_stamp import is_simulated
from karat.research.summary_view import stamp_view

if TYPE_CHECKING:
    from rich.console import RenderableType


def explanation_view(explained: Explanation) -> RenderableType:
    """Stamp, then every line: rule, arithmetic, and how it stands to the record."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    title = explained.title + ("  SIMULATED DATA" if is_simulated(explained.manifest) else "")
    parts: list[RenderableType] = [Text(title, style="bold"), stamp_view(explained.manifest)]
    for section in explained.sections:
        table = Table(box=box.SIMPLE_HEAD, title=section.title, title_justify="left", show_header=False)
        table.add_column("rule", justify="right", no_wrap=True)
        table.add_column("arithmetic", overflow="fold")
        table.add_column("record", no_wrap=True)
        for line in section.lines:
            table.add_row(line.rule, Text(line.text), _verdict(line))
        parts.append(table)
    return Group(*parts)


def _verdict(line: Line) -> RenderableType:
    from rich.text import Text

    if line.recorded is None:
        return Text("")
    if line.holds:
        return Text("= record", style="green")
    return Text(f"RECORD SAYS {line.recorded:.17g}", style="bold red")


def explanation_json(explained: Explanation) -> dict[str, Any]:
    """The one object of `karat explain --json`."""
    return {
        "run": explained.run,
        "trade": explained.trade,
        "title": explained.title,
        "reproduced": explained.reproduced,
        "manifest": explained.manifest,
        "sections": [
            {"title": section.title, "lines": [_line_json(line) for line in section.lines]}
            for section in explained.sections
        ],
    }


def _line_json(line: Line) -> dict[str, Any]:
    value = {"rule": line.rule, "text": line.text}
    if line.recorded is None:
        return value
    computed: Any = line.value if line.value == line.value else {"undefined": "not a number"}
    recorded: Any = line.recorded if line.recorded == line.recorded else {"undefined": "not a number"}
    return {**value, "value": computed, "recorded": recorded, "holds": line.holds}
