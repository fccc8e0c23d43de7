"""The trials of an Optuna study, kept in a journal from which a killed one goes on as if it had never been.

1. Trials are asked for in rounds, and how far a round goes is kept before its first. Each draws from numbers that are
   keyed by (seed, trial, axis) and from the trials of earlier rounds. So a trial that was running at a kill has the
   same number and the same places when it is asked for again, and none is lost or made twice.
2. An axis is a place among its values: a whole number where these have an order, else a choice.
3. What came of a variant is kept with its trial. A variant that is asked for again is not simulated again, it is told
   what it was told before.

Determined by the seed, Optuna's version and that of NumPy; not by the number of threads or by kills. The journal's own
bytes differ, for it holds times.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from karat.core.errors import RetryLater
from karat.lake.extras import need
from karat.research.sweeps.choice import Sampler
from karat.research.sweeps.grid import SweepGrid
from karat.stats.belief.random import fill_uniforms

ROUND = 10  # trials that are asked for before any of them is told: NSGA-II's population of 50 is five rounds
POPULATION = 50
_PURPOSE = 7  # of these numbers, apart from all others that one seed gives
_ASKED_UNTIL, _FOUND, _CONSTRAINT = "asked_until", "found", "conditions"
_LEARN_FROM = 10  # trials without pruning at first


class Fate(StrEnum):
    """What became of a trial: it ran whole, was given up half way, has no value though it ran, or is no variant."""

    WHOLE = "whole"
    PRUNED = "pruned"
    UNDEFINED = "undefined"
    REFUSED = "refused"


@contextmanager
def own_study(folder: Path) -> Iterator[None]:
    """Let no other process work on the study of a folder. Raises RetryLater `sweep_busy`."""
    with (folder / "study.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = f"Another process works on sweep {folder.name}."
            raise RetryLater("sweep_busy", message, "Wait until it is done, or stop it.") from error
        yield


class _NoLock:
    """The journal needs no lock of its own: one process has the folder, and its lock ends with it."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        return


class Trials:
    """The trials of a study over a grid. `goals` is how many values each has, all to be high."""

    def __init__(self, folder: Path, grid: SweepGrid, sampler: Sampler, seed: int, goals: int) -> None:
        self._optuna = need("optuna", "optuna", f"--sampler {sampler}")
        need("optuna.storages.journal", "optuna", f"--sampler {sampler}")
        self._optuna.logging.set_verbosity(self._optuna.logging.WARNING)
        self._sampler, self._seed = sampler, seed
        self._axes = _axes(grid)
        file = folder / "study.journal"
        _drop_torn_line(file)
        storages = self._optuna.storages
        self._study = self._optuna.create_study(
            storage=storages.JournalStorage(storages.journal.JournalFileBackend(str(file), lock_obj=_NoLock())),
            study_name=folder.name,
            directions=["maximize"] * goals,
            pruner=self._optuna.pruners.MedianPruner(n_startup_trials=_LEARN_FROM),
            load_if_exists=True,
        )

    @property
    def asked(self) -> int:
        """How many trials were asked for."""
        return len(self._all())

    def found(self) -> dict[int, dict[str, Any]]:
        """What came of each variant that was told, by its number."""
        kept = (one.user_attrs[_FOUND] for one in self._all() if one.state.is_finished())
        return {one["variant"]: one for one in kept}

    def open_round(self, more: int) -> int:
        """The end of the round that is not done yet, or of a new one of at most `more` trials. It is kept."""
        until = int(self._study.user_attrs.get(_ASKED_UNTIL, 0))
        trials = self._all()
        if len(trials) == until and all(one.state.is_finished() for one in trials):
            until += min(ROUND, more)
            self._study.set_user_attr(_ASKED_UNTIL, until)
        return until

    def asked_in_round(self, until: int) -> dict[int, tuple[Any, int]]:
        """The trials before number `until` that are not told, and the number of the variant of each, by their numbers;
        those that were never asked for are asked for now."""
        found: dict[int, tuple[Any, int]] = {}
        running = [one for one in self._all() if not one.state.is_finished()]
        for one in running:
            self._draw_from(one.number, 0)
            found[one.number] = self._placed(self._optuna.trial.Trial(self._study, one._trial_id))
        for number in range(self.asked, until):
            self._draw_from(number, 0)
            found[number] = self._placed(self._study.ask())
        return found

    def prunes(self, trial: Any, value: float) -> bool:
        """Whether a trial is given up for what it was worth half way: less than the middle of those before it. What is
        decided is kept, and decided again alike."""
        decided = trial.user_attrs.get("given_up")
        if decided is None:
            if not self._all()[trial.number].intermediate_values:
                trial.report(value, 1)
            decided = bool(trial.should_prune())
            trial.set_user_attr("given_up", decided)
        return decided

    def tell(self, trial: Any, found: dict[str, Any]) -> None:
        """End a trial with what was found, JSON-ready: its `variant`, `fate` and `values`.

        What is no variant, or has no value, is told as a violated constraint: TPE learns from it, NSGA-II passes over.
        """
        trial.set_user_attr(_FOUND, found)
        states = self._optuna.trial.TrialState
        if found["fate"] == Fate.WHOLE:
            self._study.tell(trial, found["values"])
            return
        if found["fate"] != Fate.PRUNED and _CONSTRAINT not in trial.constraints:
            trial.set_constraint(_CONSTRAINT, 1.0)
        self._study.tell(trial, state=states.PRUNED)

    def _all(self) -> list[Any]:
        return self._study.get_trials(deepcopy=False)

    def _placed(self, trial: Any) -> tuple[Any, int]:
        """A trial with a place on each axis, and the number of its variant."""
        _ = trial.relative_params  # all that are drawn together are drawn now
        variant = 0
        for axis, (name, (size, ordered)) in enumerate(self._axes.items()):
            self._draw_from(trial.number, 1 + axis)
            if ordered:
                place = trial.suggest_int(name, 0, size - 1)
            else:
                place = trial.suggest_categorical(name, list(range(size)))
            variant = variant * size + int(place)
        return trial, variant

    def _draw_from(self, trial: int, draw: int) -> None:
        """Let the sampler draw from the numbers of one draw of one trial. It has no state but what the study holds."""
        drawn = np.empty(1)
        fill_uniforms(self._seed, _PURPOSE, trial, draw, drawn)
        samplers, seed = self._optuna.samplers, int(drawn[0] * 2**32)
        self._study.sampler = (
            samplers.TPESampler(seed=seed)
            if self._sampler is Sampler.TPE
            else samplers.NSGAIISampler(seed=seed, population_size=POPULATION)
        )


def _axes(grid: SweepGrid) -> dict[str, tuple[int, bool]]:
    """How many values each axis has and whether these have an order, in the order of the grid's numbers."""
    return {
        f"{half} {name}": (len(values), not hasattr(values[0], "name") and not isinstance(values[0], bool))
        for half, axes in (("parameter", grid.parameters), ("policy", grid.policy))
        for name, values in axes.items()
    }


def _drop_torn_line(file: Path) -> None:
    """Cut off what a kill left of a line: what it says was not done."""
    if not file.exists():
        return
    content = file.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with file.open("r+b") as journal:
            journal.truncate(whole)
