"""What a strategy says: arrays of one length, one element per bar (simulation.md, rules 5 to 8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Bools, Floats

Sides = NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Signals of `n` bars, known at the close of each bar.

    `entry` in {-1, 0, +1}; `exit_long`, `exit_short`; `confidence` in [0, 1] (NaN refuses entry). Optional, None
    when the strategy leaves them to the policy: `stop` and `take` distances in price units (NaN: the policy's own; zero
    or less: no entry), `size_scale`, `leverage`. `target` in [-1, 1] replaces entries and exits (rule 34; NaN: no
    change).
    """

    entry: Sides
    exit_long: Bools
    exit_short: Bools
    confidence: Floats
    stop: Floats | None = None
    take: Floats | None = None
    size_scale: Floats | None = None
    leverage: Floats | None = None
    target: Floats | None = None

    def __len__(self) -> int:
        return len(self.entry)

    def __post_init__(self) -> None:
        # Named one by one: this runs for every variant of a sweep and every bar of a bot.
        shape = (len(self.entry),)
        for name, array in (
            ("entry", self.entry), ("exit_long", self.exit_long), ("exit_short", self.exit_short),
            ("confidence", self.confidence), ("stop", self.stop), ("take", self.take),
            ("size_scale", self.size_scale), ("leverage", self.leverage), ("target", self.target),
        ):  # fmt: skip
            assert array is None or array.shape == shape, f"{name}: signals are columns of one length"
        if self.target is not None:
            quiet = not (self.entry.any() or self.exit_long.any() or self.exit_short.any())
            assert quiet, "a strategy gives targets or entries and exits, not both (rule 5)"


def signals(
    n: int,
    *,
    long: Bools | None = None,
    short: Bools | None = None,
    exit_long: Bools | None = None,
    exit_short: Bools | None = None,
    confidence: Floats | None = None,
    stop: Floats | None = None,
    take: Floats | None = None,
    size_scale: Floats | None = None,
    leverage: Floats | None = None,
    target: Floats | None = None,
) -> Signals:
    """Build signals of `n` bars; what is left out is quiet. Where long and short are both set the entry is 0."""
    entry = np.zeros(n, np.int8)
    if long is not None:
        entry += long
    if short is not None:
        entry -= short
    nothing = np.zeros(n, np.bool_)
    return Signals(
        entry=entry,
        exit_long=nothing if exit_long is None else exit_long,
        exit_short=nothing if exit_short is None else exit_short,
        confidence=np.ones(n) if confidence is None else confidence,
        stop=stop,
        take=take,
        size_scale=size_scale,
        leverage=leverage,
        target=target,
    )
