"""Finding things in a dossier: stages by name, their numbers and pictures, and why something is not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from karat.research.dossier.page.words import label
from karat.research.prove.stage import Stage

STAGES = tuple(one.value for one in Stage)


@dataclass(frozen=True, slots=True)
class Told:
    """A dossier as `document` has it."""

    told: Mapping[str, Any]

    @property
    def result(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.told["result"]
        return found

    @property
    def spec(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.told["spec"]
        return found

    @property
    def simulated(self) -> bool:
        return bool(self.told["simulated"])

    def stage(self, name: str) -> Mapping[str, Any] | None:
        """A stage, None where the proof never came to it."""
        return next((one for one in self.result["stages"] if one["stage"] == name), None)

    def numbers(self, stage: str, *path: str) -> Any:
        """Numbers of a stage, None where there are none."""
        return self._inside(stage, "numbers", path)

    def picture(self, stage: str, *path: str) -> Any:
        """A picture of a stage, None where there is none."""
        return self._inside(stage, "pictures", path) or None

    def _inside(self, stage: str, kind: str, path: tuple[str, ...]) -> Any:
        one = self.stage(stage)
        found: Any = None if one is None else one[kind]
        for name in path:
            found = None if found is None else found.get(name)
        return found

    @property
    def last(self) -> str:
        """The last stage that was reached."""
        return str(self.result["stages"][-1]["stage"])

    def why_not(self, stage: str) -> str:
        """In words why there is nothing of a stage."""
        if self.stage(stage) is None:
            return f"Not reached: the proof ended at the stage {label(self.last).lower()}."
        if stage == Stage.EXAMINATION:
            return "Not reached: the examination ended at an earlier group of its questions."
        return f"The stage {label(stage).lower()} has no such figures here."
