"""What a table says of a moment is what was known then, whatever was published and revised later."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from karat.core.model.schemas import VALUES
from karat.core.model.table import AVAILABLE, TIME, Table
from karat.ingest.known import known_from
from karat.ingest.prints import joined, new_prints, table_of
from karat.strategies.joins import as_of

DELAY, EVERY = 3, 4
answers = st.lists(
    st.tuples(st.integers(1, 9), st.dictionaries(st.integers(0, 12), st.integers(0, 3), max_size=6)), max_size=8
)


def table(rows: dict[int, int], last_look: int | None, now: int) -> Table:
    """What a vendor answers at `now`: a value for some times, none of them ahead."""
    times = np.array(sorted(ts for ts in rows if ts <= now), np.int64)
    available = known_from(times, DELAY, EVERY, last_look, now)
    values = [float(rows[int(ts)]) for ts in times]
    return table_of(VALUES, {TIME: times, AVAILABLE: available, "value": values})


@given(answers)
@settings(max_examples=200, deadline=None)
def test_later_answers_never_change_what_was_known_before(fetches: list[tuple[int, dict[int, int]]]) -> None:
    stored = table({}, None, 0)
    now, last_look = 0, None
    seen: list[tuple[int, float]] = []
    for wait, rows in fetches:
        now += wait
        fresh, _ = new_prints(stored, table(rows, last_look, now), (), now)
        if len(fresh):
            stored = joined(stored, fresh)
        assert (fresh.order <= now).all()
        watched = last_look is not None and wait <= 2 * EVERY
        if watched:
            assert (fresh.order == now).all(), "what was seen to arrive is known from its arrival on"
        last_look = now
        known = stored.series("value")
        seen.append((now, as_of(known, np.array([now], np.int64))[0]))
        if watched or len(seen) == 1:
            earlier = [(time, value) for time, value in seen[:-1]]
            again = as_of(known, np.array([time for time, _ in earlier], np.int64))
            assert np.array_equal(again, np.array([value for _, value in earlier]), equal_nan=True)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_the_first_print_stays_and_each_revision_counts_from_its_own_time(values: list[int]) -> None:
    stored = None
    for now, value in enumerate(values, start=10):
        rows = table_of(VALUES, {TIME: [5], AVAILABLE: [10], "value": [float(value)]})
        fresh, revised = new_prints(stored, rows, (), now)
        assert revised == (0 if stored is None else len(fresh))
        stored = fresh if stored is None else joined(stored, fresh) if len(fresh) else stored
    assert stored is not None
    told = as_of(stored.series("value"), np.arange(9, 10 + len(values), dtype=np.int64))
    assert np.isnan(told[0]) and told[1:].tolist() == [float(value) for value in values]
