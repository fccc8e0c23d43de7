"""karat jobs: how far long work is, in any terminal; cancel it, resume it, start it beside what runs."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import say, show, show_json, undefined
from karat.core.home import karat_home
from karat.core.time import iso
from karat.ports.cockpit import Undefined
from karat.ports.jobs import OPEN_STATES, JobView

if TYPE_CHECKING:
    from karat.control.job_desk import JobControl

Json = Annotated[bool, Parameter(name="--json", negative="")]
_COMMAND_SHOWN = 60


def list_jobs(*, as_json: Json = False) -> None:
    """List every job, the newest first: those of this machine's terminals and those in the background.

    Parameters
    ----------
    as_json
        Print one JSON list.
    """
    from rich.markup import escape
    from rich.table import Table

    from karat.app.job_work import pace_words

    jobs = _desk().jobs()
    if as_json:
        show_json([job_json(one) for one in jobs])
        return
    if not jobs:
        say(f"No job is kept under {karat_home()}. A sweep is one: karat sweep STRATEGY.")
        return
    table = Table("job", "kind", "state", "progress", "result", "command")
    for one in jobs:
        command = _command(one)
        shown = command if len(command) <= _COMMAND_SHOWN else f"{command[: _COMMAND_SHOWN - 1]}…"
        table.add_row(one.id, one.kind, one.state, pace_words(one.progress), one.result or "", escape(shown))
    show(table)


def show_job(job: str, *, wait: Annotated[bool, Parameter(negative="")] = False, as_json: Json = False) -> None:
    """Show one job and what it printed last.

    Parameters
    ----------
    job
        As karat jobs names it; last is the newest.
    wait
        First wait until it is over.
    as_json
        Print one JSON object.
    """
    desk = _desk()
    if wait:
        _wait(desk, job)
    found = desk.job(job)
    if as_json:
        show_json({**job_json(found.job), "output": list(found.output)})
        return
    _tell(found.job)
    for line in found.output:
        say(f"  {line}")


def start_job(
    kind: str, *arguments: Annotated[str, Parameter(allow_leading_hyphen=True)], as_json: Json = False
) -> None:
    """Start work as a child at the lowest priority, which goes on without this terminal. It waits while other jobs run.

    Parameters
    ----------
    kind
        sweep, prove or calibrate.
    arguments
        Of that command, behind --: karat jobs start sweep -- ema_crossover --market ...
    as_json
        Print one JSON object.
    """
    _answer(_desk().start(kind, arguments), as_json)


def cancel_job(job: str, *, as_json: Json = False) -> None:
    """End a job. What it has done is kept, and karat jobs resume goes on with it.

    Parameters
    ----------
    job
        As karat jobs names it; last is the newest.
    as_json
        Print one JSON object.
    """
    _answer(_desk().cancel(job), as_json)


def resume_job(job: str, *, as_json: Json = False) -> None:
    """Go on with a job that was cancelled, killed or failed, in the background: the same command once more.

    Parameters
    ----------
    job
        As karat jobs names it; last is the newest.
    as_json
        Print one JSON object.
    """
    _answer(_desk().resume(job), as_json)


def job_json(one: JobView) -> dict[str, Any]:
    """A job as JSON."""
    told = one.progress
    return {
        "job": one.id, "kind": one.kind, "arguments": list(one.arguments), "state": one.state, "attempt": one.attempt,
        "detached": one.detached, "created": iso(one.created_ts), "started": _time(one.started_ts),
        "ended": _time(one.ended_ts),
        "progress": {
            "done": told.done, "of": _figure(told.of), "unit": told.unit, "stage": told.stage,
            "rate": _figure(told.rate), "left_seconds": _figure(told.left_seconds), "written": _time(told.written_ts),
        },
        "exit_code": one.exit_code,
        "error": None if one.error is None else asdict(one.error),
        "result": one.result,
    }  # fmt: skip


def _desk() -> JobControl:
    from karat.app.job_work import open_jobs

    return open_jobs()


def _wait(desk: JobControl, job: str) -> None:
    """Until a job is over. One that waits is looked at again; whoever ends the job before it starts it."""
    name = desk.job(job).job.id
    while desk.job(name).job.state in OPEN_STATES:
        desk.await_change(name)


def _answer(one: JobView, as_json: bool) -> None:
    if as_json:
        show_json(job_json(one))
    else:
        _tell(one)


def _tell(one: JobView) -> None:
    from rich.markup import escape

    from karat.app.job_work import pace_words

    show(escape(f"Job {one.id}, attempt {one.attempt}: {one.state}. {_command(one)}"))
    show(escape(f"{pace_words(one.progress)}."))
    if one.result is not None:
        show(f"Result: {one.kind} {one.result}.")
    if one.error is not None:
        show(escape(f"{one.error.code}: {one.error.message} {one.error.hint}".rstrip()))


def _command(one: JobView) -> str:
    return shlex.join(("karat", one.kind, *one.arguments))


def _time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else iso(milliseconds)


def _figure(value: float | Undefined) -> Any:
    return undefined(value.reason) if isinstance(value, Undefined) else value
