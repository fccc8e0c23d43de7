"""A report in a file: there completely, or as before."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from karat.core.errors import InputError, RetryLater
from karat.core.ids import RunId
from karat.research.backtest import Backtest
from karat.research.report.inputs import report_input
from karat.research.report.page import render

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def report_of(result: Backtest, manifest: Mapping[str, Any], run: RunId) -> str:
    """The HTML report of a backtest that was kept as `run` with `manifest`; one self-contained document."""
    return render(report_input(result, manifest, run))


def write_report(result: Backtest, manifest: Mapping[str, Any], run: RunId, path: Path) -> Path:
    """Write `report_of` to `path`, replacing what is there, and return where it lies.

    It is written beside its place and moved there. Raises InputError `bad_report_path` when the folder is missing or
    not writable, RetryLater `disk_full`; the old file then stands.
    """
    check_report_path(path)
    return write_text(path, report_of(result, manifest, run))


def write_text(path: Path, text: str) -> Path:
    """Write a page to `path`, as `write_report` does, and with the same errors."""
    check_report_path(path)
    try:
        _replace(path, text)
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise RetryLater("disk_full", f"No space left for {path}.", "Free some space and try again.") from error
        raise _refused(path, f"cannot be written: {error.strerror}") from error
    return path.resolve()


def check_report_path(path: Path) -> None:
    """Refuse a place that no report can be written to, before any work is done. Raises InputError `bad_report_path`."""
    if path.is_dir():
        raise _refused(path, "is a folder")
    if not path.parent.is_dir():
        raise _refused(path, f"lies in {path.parent}, which is no folder")
    if not os.access(path.parent, os.W_OK):
        raise _refused(path, f"lies in {path.parent}, which is not writable")


def _refused(path: Path, why: str) -> InputError:
    return InputError("bad_report_path", f"The report {path} {why}.", "Name a file, for example --report out.html.")


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
