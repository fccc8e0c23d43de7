"""When each row of an answer became known.

A value that was seen to arrive is known from its arrival on. One that was not seen to arrive, because nobody had looked
for long, or ever, gets its source's declared delay: history that is fetched today was published long ago. One that
should have been there when we last looked, and was not, came late: it is known from now on. So is one that should have
been there when we last asked in vain: a decision may have been taken then, without it.
"""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Ints


def known_from(
    ts: Ints, delay_ms: int, every_ms: int, last_look_ms: int | None, now_ms: int, tried_ms: int | None = None
) -> Ints:
    """The time from which each value is known: shape of `ts`, UTC ms, never later than `now_ms`.

    `last_look_ms` is when the source last answered before, None when it never did. A look within the last two periods
    of its schedule counts as having watched. `tried_ms` is when it was last asked, whether or not it answered.
    """
    declared = np.minimum(ts + delay_ms, now_ms)
    decided_ms = max((one for one in (last_look_ms, tried_ms) if one is not None), default=None)
    if decided_ms is None:
        return declared
    watched = last_look_ms is not None and now_ms - last_look_ms <= 2 * every_ms
    late = ts + delay_ms <= decided_ms
    return np.where(late | watched, np.int64(now_ms), declared)
