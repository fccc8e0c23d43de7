"""karat doctor: is all ready for trading? A line for each thing that could stand in the way, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from karat.app.console import say, show, show_json
from karat.core.errors import KaratError

if TYPE_CHECKING:
    from karat.app.doctor import Line
    from karat.ports.journal import BotRecord

EXIT_RED = 1
_COLOURS = {"ok": "green", "note": "yellow", "red": "bold red", "not applicable": "dim"}


def doctor_command(*, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> int:
    """Look at everything that trading needs, before it is needed. Nothing is changed.

    The exit code is 0 when no line is red. What cannot be found out is red.

    Parameters
    ----------
    as_json
        Print one JSON object.
    """
    lines = examined()
    red = sum(line.state == "red" for line in lines)
    if as_json:
        rows = [{"name": one.name, "state": one.state.value, "text": one.text, "todo": one.todo} for one in lines]
        show_json({"red": red, "lines": rows})
    else:
        _show(lines)
        say("All is ready." if not red else f"{red} of {len(lines)} lines are red: see what to do beside them.")
    return EXIT_RED if red else 0


def examined() -> list[Line]:
    """Every line, in the order in which one would mend."""
    from karat.app import doctor
    from karat.app.doctor_venues import venues

    looks = [
        ("settings", doctor.settings), ("home", doctor.home), ("journal", doctor.journal),
        ("kill switch", doctor.kill_switch), ("limits", doctor.limits), ("secrets", doctor.secrets),
        ("logs", doctor.logs), ("time zones", doctor.time_zones), ("kernel", doctor.kernel), ("models", doctor.models),
    ]  # fmt: skip
    lines = [line for name, look in looks for line in doctor.looked(name, look)]
    try:
        records = _bots()
    except Exception:  # noqa: BLE001 - the line of the journal has said so; which venues are in use is not known
        return [*lines, doctor.Line("venues", doctor.State.RED, "not known without the journal", "Mend the journal.")]
    for name, look in (("account", doctor.accounts), ("venues", venues), ("live gate", _gates)):
        lines += doctor.looked(name, partial(look, records))
    return lines


def _bots() -> Sequence[BotRecord]:
    from karat.journal import journal_is_there, open_journal

    if not journal_is_there():
        return ()
    with closing(open_journal()) as journal:
        return journal.bots()


def _gates(records: Sequence[BotRecord]) -> tuple[Line, ...]:
    """Whether the gate of each live bot is open."""
    from karat.app.doctor import Line, State
    from karat.app.live_commands import open_live_gate
    from karat.ports.cockpit import Mode

    lines: list[Line] = []
    for one in records:
        if one.mode is Mode.LIVE:
            try:
                open_live_gate(one)
            except KaratError as error:
                lines.append(Line("live gate", State.RED, f"{one.name}: {error.message}", error.hint))
    return tuple(lines) or (Line("live gate", State.NONE, "no bot trades with money"),)


def _show(lines: Sequence[Line]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("what", "is", "how", "what to do")
    for line in lines:
        table.add_row(line.name, Text(line.state.value, style=_COLOURS[line.state.value]), line.text, line.todo)
    show(table)
