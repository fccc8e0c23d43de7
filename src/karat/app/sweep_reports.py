"""The pages of sweeps: where they go, and writing those of sweeps that are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from karat.app.console import say, show_json
from karat.core.errors import InputError
from karat.core.time import timeframe_text

if TYPE_CHECKING:
    from karat.app.sweep_work import Target
    from karat.research.sweeps.store import SweepFolder
    from karat.research.sweeps.sweep import Sweep


def report_paths(report: Path | None, targets: Sequence[Target]) -> Mapping[str, Path]:
    """Where the page of each target goes, and that of each pool: beside each other, named after what they show.

    Raises InputError `bad_report_path` before any work is done.
    """
    from karat.research.report import check_report_path

    if report is None:
        return {}
    frames = list(dict.fromkeys(target.timeframe_ms for target in targets))
    names = [str(target) for target in targets]
    if len(targets) == 1:
        paths = {names[0]: report}
    else:
        pools = [pool_key(frame) for frame in frames] if len(targets) > len(frames) else []
        paths = {name: report.with_name(f"{report.stem}-{_plain(name)}.html") for name in [*names, *pools]}
    for path in paths.values():
        check_report_path(path)
    return paths


def pool_key(timeframe_ms: int) -> str:
    """What the pool of a timeframe is called among the pages."""
    return f"pooled {timeframe_text(timeframe_ms)}"


def _plain(name: str) -> str:
    return name.replace(":", "_").replace("/", "_").replace(" ", "-")


def write_page_of(folder: SweepFolder, by: str, path: Path) -> None:
    """Write the page of a finished sweep."""
    from karat.research.report.write import write_text
    from karat.research.sweep_report.page import render
    from karat.research.sweep_report.story import story_of

    write_text(path, render(story_of(folder, by)))
    say(f"Report: {path}")


def write_page_of_pool(pool: Sweep, folders: Sequence[SweepFolder], by: str, paths: int | None, path: Path) -> None:
    """Write the page of several sweeps that were pooled."""
    from karat.research.report.write import write_text
    from karat.research.sweep_report.page import render
    from karat.research.sweep_report.story import story_of_pool

    write_text(path, render(story_of_pool(pool, folders, by, paths)))
    say(f"Report: {path}")


def report_kept(sweep: str | None, report: Path | None, by: str | None, *, as_json: bool) -> None:
    """Write the page of a sweep that is kept, named by its id, its beginning, or last."""
    from karat.research.report import check_report_path
    from karat.research.sweep_report.story import order_of

    if sweep is None or report is None:
        hint = "For example: karat sweeps last --report sweep.html."
        raise InputError("bad_command", "A page is of one sweep, and goes to one file.", hint)
    check_report_path(report)
    folder = _found(sweep)
    write_page_of(folder, by or order_of(folder), report)
    if as_json:
        show_json({"sweep": folder.id, "report": str(report.resolve())})


def _found(name: str) -> SweepFolder:
    from karat.research.sweeps.store import kept_sweeps

    known = kept_sweeps()
    found = known[-1:] if name == "last" else [one for one in known if name and one.id.startswith(name)]
    if len(found) != 1:
        why = f"{len(found)} sweeps begin with '{name}'." if found else f"There is no sweep '{name}'."
        raise InputError("unknown_sweep", why, "See karat sweeps.")
    return found[0]
