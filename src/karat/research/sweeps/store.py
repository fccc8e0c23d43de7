"""Sweeps that are kept: KARAT_HOME/sweeps/<id>/, written part by part, so that a killed one goes on where it was.

1. The id is a hash of everything that decides the result: code, bars, grid, choice of variants, policy, objective. The
   same sweep has the same folder.
2. `spec.json` says what it is. `parts/NNNNNN.parquet` holds 65,536 variants each, ordered by their numbers: the number,
   what it sets, its figures and the columns that the objective keeps. A part is there whole or not at all, and its
   bytes do not depend on how often the sweep was killed.
3. `best.parquet` holds those columns of the best, worked out with more effort; `result.json`, written last, says that
   the sweep is finished.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from karat.core.errors import NeedsOperator
from karat.core.home import karat_home
from karat.core.model.candles import Floats, Ints
from karat.kernel.sweep import FIGURES
from karat.lake.durable import force, replace_durably
from karat.research.kept import room, spec_folder

if TYPE_CHECKING:
    import polars as pl

ROWS_A_PART = 65_536
VARIANT = "variant"
_PRUNED = "pruned"


@dataclass(frozen=True, slots=True)
class SweepFolder:
    """The folder of one sweep. `spec` is everything that decides its result, JSON-ready."""

    folder: Path
    spec: Mapping[str, Any]

    @classmethod
    def of(cls, spec: Mapping[str, Any], home: Path | None = None) -> SweepFolder:
        """The folder of a sweep, made when it is not there."""
        return cls(spec_folder(sweeps_folder(home), spec, "parts"), spec)

    @property
    def id(self) -> str:
        return self.folder.name

    def has_part(self, part: int) -> bool:
        return self._part(part).exists()

    def parts(self) -> int:
        """How many parts are there."""
        return len(list((self.folder / "parts").glob("*.parquet")))

    def write_part(
        self, part: int, variants: Ints, settings: Mapping[str, Any], figures: Floats, scores: Mapping[str, Floats]
    ) -> None:
        """Keep a part; `scores` are columns. Raises RetryLater `disk_full`; then it is not there."""
        columns = {VARIANT: variants, **settings, **named(FIGURES, figures), **scores}
        self._write(self._part(part), columns)

    def read_part(self, part: int, scores: tuple[str, ...]) -> tuple[Floats, Floats]:
        """(figures, the columns `scores`) of a part. Raises NeedsOperator `sweep_damaged`."""
        frame = self._read(self._part(part))
        return _values(frame, FIGURES), _values(frame, scores)

    def read_all(self, scores: tuple[str, ...]) -> tuple[Ints, Floats, Floats, Ints]:
        """(numbers of the variants, figures, the columns `scores`, rows that were pruned) of all parts that are there.
        Raises NeedsOperator `sweep_damaged`."""
        files = sorted((self.folder / "parts").glob("*.parquet"))
        frames = [self._read(one) for one in files]
        numbers = np.concatenate([frame[VARIANT].to_numpy() for frame in frames])
        figures, kept = (np.concatenate([_values(frame, names) for frame in frames]) for names in (FIGURES, scores))
        given_up = [frame[_PRUNED].to_numpy() if _PRUNED in frame.columns else np.zeros(len(frame), np.bool_)
                    for frame in frames]  # fmt: skip
        return numbers, figures, kept, np.flatnonzero(np.concatenate(given_up))

    def finish(self, refined: Ints, scores: Mapping[str, Floats], told: Mapping[str, Any]) -> None:
        """Keep the columns `scores` of the variants `refined`, and that the sweep is finished."""
        if len(refined):
            self._write(self.folder / "best.parquet", {VARIANT: refined, **scores})
        with room(self.folder):
            replace_durably(self.folder / "result.json", json.dumps(told, indent=1, allow_nan=False).encode())

    def finished(self) -> dict[str, Any] | None:
        """What was told at the end, None while the sweep is not finished."""
        file = self.folder / "result.json"
        return json.loads(file.read_bytes()) if file.exists() else None

    def best(self, scores: tuple[str, ...]) -> tuple[Ints, Floats]:
        """(numbers of the variants that were scored again, their columns `scores`)."""
        file = self.folder / "best.parquet"
        if not file.exists():
            return np.zeros(0, np.int64), np.zeros((0, len(scores)))
        frame = self._read(file)
        return frame[VARIANT].to_numpy(), _values(frame, scores)

    def _part(self, part: int) -> Path:
        return self.folder / "parts" / f"{part:06}.parquet"

    def _read(self, path: Path) -> pl.DataFrame:
        import polars as pl

        try:
            return pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            hint = f"Delete {path} and give the same command again: only that part is simulated anew."
            raise NeedsOperator("sweep_damaged", f"Sweep {self.id}: {path.name} cannot be read.", hint) from error

    def _write(self, path: Path, columns: Mapping[str, Any]) -> None:
        import polars as pl

        beside = path.with_name(path.name + ".part")
        with room(self.folder):
            pl.DataFrame(dict(columns)).write_parquet(beside, compression="zstd", statistics=False)
            force([beside])
            beside.replace(path)
            force([path.parent])


def sweeps_folder(home: Path | None = None) -> Path:
    """Where sweeps are kept."""
    return (home or karat_home()) / "sweeps"


def kept_sweeps(home: Path | None = None) -> list[SweepFolder]:
    """Every sweep that was begun, the newest last."""
    specs = sorted(sweeps_folder(home).glob("*/spec.json"), key=lambda one: (one.stat().st_mtime_ns, str(one)))
    return [SweepFolder(one.parent, json.loads(one.read_bytes())) for one in specs]


def named(names: tuple[str, ...], values: Floats) -> dict[str, Floats]:
    """Columns by their names, of float64[rows, names]."""
    return {name: np.ascontiguousarray(values[:, k]) for k, name in enumerate(names)}


def _values(frame: pl.DataFrame, names: tuple[str, ...]) -> Floats:
    """float64[rows, names] of the columns of a file."""
    if not names:
        return np.zeros((len(frame), 0))
    return np.stack([frame[name].to_numpy() for name in names], axis=1)
