"""Runs that were kept: KARAT_HOME/runs/<run id>/, one folder each, there completely or not at all.

1. The id is a hash of the manifest and of what came out, so the same run always has the same id and is kept once.
2. A folder holds manifest.json, result.json (figures per cost level, refusals), fills.npz and trades.npz (columns of
   the main level), bars.npz (equity, position, refusals and the signals of every bar), and equity.parquet when the
   curve is too long for `--json`. Candles stay in the lake; the manifest's `bars_hash` says which they were.
3. It is written under a hidden name and renamed. `runs/last` names the newest.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import InputError, NeedsOperator
from karat.core.home import karat_home
from karat.core.ids import RunId
from karat.core.model.signals import Signals
from karat.research.backtest import Backtest
from karat.research.json_form import EQUITY_BARS_MAX, metrics_json

FORMAT = 1
LAST = "last"
EQUITY_FILE = "equity.parquet"
_ID_DIGITS = 12
_NAMES_SHOWN = 3

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class StoredRun:
    """A run as it was kept. `bars` holds ts (opens), equity, position (signed lots), refusals and the signals of every
    bar; `fills` the columns of the kernel's record; `trades` those of `research.trades.Trades`."""

    id: RunId
    folder: Path
    manifest: dict[str, Any]
    result: dict[str, Any]
    fills: Arrays
    trades: Arrays
    bars: Arrays


def run_id(result: Backtest, manifest: Mapping[str, Any]) -> RunId:
    """The id of a run: of what it was made of and what came out."""
    digest = hashlib.sha256(json.dumps(manifest, sort_keys=True, allow_nan=False).encode())
    for name, column in result.main_run.fills.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(column).data)
    digest.update(result.main_run.equity.data)
    return RunId(digest.hexdigest()[:_ID_DIGITS])


def store_run(result: Backtest, manifest: dict[str, Any], home: Path | None = None) -> StoredRun:
    """Keep a run and make it the last. A run that is there already is left as it is."""
    runs = _runs(home)
    name = run_id(result, manifest)
    if not (runs / name).is_dir():
        runs.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".run-", dir=runs))
        try:
            _write(folder, result, manifest)
            _put(folder, runs / name)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    _replace_text(runs / LAST, name)
    return load_run(name, home)


def equity_path(run: StoredRun) -> Path | None:
    """The file of the equity curve; None when it is short enough for `--json`."""
    file = run.folder / EQUITY_FILE
    return file if file.is_file() else None


def load_run(name: str, home: Path | None = None) -> StoredRun:
    """The run called `name`: an id, the beginning of one, or `last`.

    Raises InputError `unknown_run` or `run_newer`, NeedsOperator `run_damaged`.
    """
    folder = _runs(home) / _found(name, home)
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["format"] > FORMAT:
            hint = "Update Karat, or point KARAT_HOME at another folder."
            raise InputError("run_newer", f"Run {folder.name} was kept by a newer Karat.", hint)
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        fills, trades, bars = (_arrays(folder / f"{part}.npz") for part in ("fills", "trades", "bars"))
    except (OSError, KeyError, ValueError) as error:
        hint = f"Delete {folder} and run the backtest again."
        raise NeedsOperator("run_damaged", f"Run {folder.name} cannot be read: {error}.", hint) from error
    return StoredRun(RunId(folder.name), folder, manifest["manifest"], result, fills, trades, bars)


def run_ids(home: Path | None = None) -> list[RunId]:
    """Every run that was kept, the newest last."""
    runs = _runs(home)
    folders = [folder for folder in runs.iterdir() if _is_run(folder)] if runs.is_dir() else []
    return [RunId(folder.name) for folder in sorted(folders, key=lambda one: (one.stat().st_mtime_ns, one.name))]


def _runs(home: Path | None) -> Path:
    return (home or karat_home()) / "runs"


def _is_run(folder: Path) -> bool:
    return folder.is_dir() and not folder.name.startswith(".")


def _found(name: str, home: Path | None) -> str:
    known = run_ids(home)
    if not known:
        raise InputError("unknown_run", "No run has been kept yet.", "Make one: karat backtest STRATEGY.")
    if name == LAST:
        pointer = _runs(home) / LAST
        last = pointer.read_text(encoding="utf-8") if pointer.is_file() else known[-1]
        return last if last in known else known[-1]
    meant = [run for run in known if run.startswith(name)] if name else []
    if len(meant) == 1:
        return meant[0]
    shown = ", ".join((meant or known)[-_NAMES_SHOWN:])
    if meant:
        raise InputError("unknown_run", f"'{name}' begins the names of {len(meant)} runs.", f"Write more: {shown}.")
    raise InputError("unknown_run", f"There is no run '{name}'.", f"Newest: {shown}; or write last.")


def _write(folder: Path, result: Backtest, manifest: dict[str, Any]) -> None:
    run = result.main_run
    _write_json(folder / "manifest.json", {"format": FORMAT, "manifest": manifest})
    _write_json(folder / "result.json", {"metrics": metrics_json(result), "refusals": run.refusals})
    np.savez(folder / "fills.npz", **run.fills)
    np.savez(folder / "trades.npz", **{spec.name: getattr(run.trades, spec.name) for spec in fields(run.trades)})
    given = {spec.name: getattr(result.signals, spec.name) for spec in fields(Signals)}
    np.savez(
        folder / "bars.npz",
        ts=result.data.candles.ts,
        equity=run.equity,
        position=run.record.position,
        refusals=run.record.refusals,
        **{name: column for name, column in given.items() if column is not None},
    )
    if len(run.equity) > EQUITY_BARS_MAX:
        import polars as pl

        pl.DataFrame({"ts": run.close_ts, "value": run.equity}).write_parquet(folder / EQUITY_FILE)


def _write_json(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, indent=1, allow_nan=False), encoding="utf-8")


def _put(folder: Path, place: Path) -> None:
    try:
        folder.rename(place)
    except OSError:
        if not place.is_dir():
            raise
        shutil.rmtree(folder)  # another process kept the same run in the meantime


def _replace_text(file: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".last-", delete=False, encoding="utf-8") as out:
        out.write(text)
    Path(out.name).replace(file)


def _arrays(file: Path) -> Arrays:
    with np.load(file, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}
