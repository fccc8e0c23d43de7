"""What runs inside a worker process of Ray. What is shared is fetched and prepared once, then kept for its chunks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from karat.core.errors import InputError, KaratError, NeedsOperator, RetryLater
from karat.ports.executor import Prepare

_KINDS: tuple[type[KaratError], ...] = (InputError, RetryLater, NeedsOperator)

_ready: dict[str, Callable[[Any], Any]] = {}


@dataclass(frozen=True, slots=True)
class Refused:
    """An expected failure on its way home: errors do not survive the journey as objects."""

    kind: int
    code: str
    message: str
    hint: str

    @classmethod
    def of(cls, error: KaratError) -> Refused:
        kind = next((k for k, one in enumerate(_KINDS) if isinstance(error, one)), len(_KINDS) - 1)
        return cls(kind, error.code, error.message, error.hint)

    @property
    def error(self) -> KaratError:
        return _KINDS[self.kind](self.code, self.message, self.hint)


def run_chunk(key: str, prepare: Prepare, held: list[Any], chunk: Any) -> Any:
    """Do a chunk of the work that `key` names. `held` has the reference to what is shared, so that a worker which is
    ready does not fetch it again. Returns `Refused` for an expected failure."""
    try:
        run = _ready.get(key)
        if run is None:
            import ray

            _ready.clear()  # a worker serves one sweep at a time
            run = _ready[key] = prepare(ray.get(held[0]))
        return run(chunk)
    except KaratError as error:
        return Refused.of(error)
