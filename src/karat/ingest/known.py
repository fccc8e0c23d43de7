"""When each row of an answer became known.

A value that was seen to arrive is known from its arrival on. One that was not seen to arrive, because nobody had looked
for long, or ever, gets its source's declared delay: history that is fetched today was published long ago. One that
should have been there when we last looked, and was not, came late: it is known from now on.
"""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Ints


def known_from(ts: Ints, delay_ms: int, every_ms: int, last_look_ms: int | None, now_ms: int) -> Ints:
    """The time from which each value is known: shape of `ts`, UTC ms, never later than `now_ms`.

    `last_look_ms` is when the source last answered before, None when it never did. A look within the last two periods
    of its schedule counts as having watched.
    """
    declared = np.minimum(ts + delay_ms, now_ms)
    if last_look_ms is None:
        return declared
    watched = now_ms - last_look_ms <= 2 * every_ms
    late = ts + delay_ms <= last_look_ms
    return np.where(late | watched, np.int64(now_ms), declared)
