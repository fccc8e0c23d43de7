"""What a worker may use of this machine."""

from __future__ import annotations

from dataclasses import dataclass

from karat.core.errors import InputError

_MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """`seconds_max` an evaluation may take, `first_seconds_max` the first one of a market and its parameters in a
    worker: it imports and compiles. `memory_bytes_max` comes on top of what Karat itself maps. Of what a strategy
    prints, the last `output_bytes_max` are kept. Raises InputError `bad_worker_setting`."""

    seconds_max: float = 5.0
    first_seconds_max: float = 60.0
    memory_bytes_max: int = 2_048 * _MEBIBYTE
    output_bytes_max: int = 16_384

    def __post_init__(self) -> None:
        if not 0.0 < self.seconds_max <= self.first_seconds_max < 86_400.0:
            raise _bad("The deadlines of a worker", "0 < seconds_max <= first_seconds_max < one day")
        if not (self.memory_bytes_max >= 64 * _MEBIBYTE and self.output_bytes_max > 0):
            raise _bad("The bounds of a worker", "at least 64 MiB of memory and a byte of output")


def _bad(what: str, wanted: str) -> InputError:
    return InputError("bad_worker_setting", f"{what} make no sense.", f"Give {wanted}.")
