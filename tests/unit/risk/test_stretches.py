"""Many bars at once come to what one bar after the other does."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from karat.core.time import DAY_MS, HOUR_MS
from karat.risk.breakers import BarClosed, Breaker, BreakerState, Latch, after
from karat.risk.limits import default_limits
from karat.risk.stretches import BarsClosed, calm_until, passed

LIMITS = default_limits()
FIRST = 7
EQUITY = st.sampled_from([100.0, 99.0, 95.0, 94.9, 0.0, float("nan"), 1e16])
BAR = st.tuples(
    EQUITY, EQUITY, st.sampled_from([True, True, False]), st.booleans(), st.sampled_from([0.0, 0.35, 0.6, 1.5])
)
LATCHES = st.sampled_from(
    [
        (),
        (Latch(Breaker.DATA, "a hole", 0),),
        (Latch(Breaker.DAILY_DRAWDOWN, "it fell", 0, until_ms=DAY_MS),),
        (Latch(Breaker.LOSSES_IN_ROW, "3 losses", 0, until_bar=12), Latch(Breaker.DATA, "a hole", 0)),
    ]
)


@given(
    bars=st.lists(BAR, min_size=1, max_size=12), latches=LATCHES, low=st.integers(0, 4),
    began_ms=st.sampled_from([DAY_MS - 4 * HOUR_MS, 3 * DAY_MS]),
)  # fmt: skip
def test_calm_bars_let_time_go_by_and_the_first_that_is_not_changes_more(
    bars: list[tuple[float, float, bool, bool, float]], latches: tuple[Latch, ...], low: int, began_ms: int
) -> None:
    state = BreakerState(latches, FIRST - 1, 0, losses=3, low_confidences=low)
    now = [began_ms + place * HOUR_MS for place in range(len(bars))]
    equity, start, whole, asked, confidence = zip(*bars, strict=True)
    columns = BarsClosed(
        FIRST, np.array(now), np.array(equity), np.array(start), np.array(whole), np.array(asked), np.array(confidence)
    )
    found = calm_until(state, columns, LIMITS)
    for place, bar in enumerate(bars):
        told = bar[4] if bar[3] else None
        then = after(state, BarClosed(FIRST + place, now[place], bar[0], bar[1], bar[2], told), LIMITS)
        only_time = passed(state, FIRST + place, now[place])
        if FIRST + place == found:
            assert then != only_time
            return
        assert then == only_time
        state = then
    assert found == FIRST + len(bars)
