"""What holds of every pair: no leg without the other, and nothing changed by what is foreseen."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.fleet.pairs import FREE, MARKETS, STOPPED, PairRun, Steady, still

from karat.core.model.policy import Policy
from karat.core.time import HOUR_MS

ONE, TWO = MARKETS
PRICES = st.sampled_from([96.0, 99.0, 100.0, 100.4, 101.0, 103.0, 106.0])
MAYBE = st.one_of(PRICES, PRICES, PRICES, PRICES, st.none())


@settings(max_examples=25, deadline=None)
@given(
    first=st.lists(MAYBE, min_size=20, max_size=20), second=st.lists(MAYBE, min_size=20, max_size=20),
    shares=st.dictionaries(
        st.tuples(st.integers(0, 1), st.integers(0, 19)), st.sampled_from([0.0, 0.001, 0.3, 0.7]), max_size=20
    ),
    stops=st.booleans(),
)  # fmt: skip
def test_no_leg_is_ever_opened_at_a_close_at_which_the_other_is_not(
    first: list[float | None], second: list[float | None], shares: dict[tuple[int, int], float], stops: bool
) -> None:
    policy = STOPPED if stops else Policy(**FREE)
    pair = PairRun(
        still(ONE, [100.0, *first]), still(TWO, [100.0, *second]), {"both_sides": True}, shares=shares, policy=policy
    ).run()
    assert pair.entered(0) - last_hours(pair, 1) == pair.entered(1) - last_hours(pair, 0)
    for leg in (0, 1):
        never_stands_alone(pair, leg)
        if not shares and not stops:
            pair.equals_the_kernel(leg)


HOURS = st.one_of(st.lists(PRICES, min_size=24, max_size=24), st.lists(MAYBE, min_size=24, max_size=24))


@settings(max_examples=15, deadline=None)
@given(
    first=HOURS, second=HOURS, lows=st.dictionaries(st.integers(1, 24), st.sampled_from([90.0, 94.0]), max_size=2),
    shares=st.dictionaries(st.tuples(st.integers(0, 1), st.integers(0, 24)), st.sampled_from([0.0, 0.3]), max_size=6),
    steady=st.booleans(), stops=st.booleans(), bound=st.booleans(), cut=st.integers(1, 24),
)  # fmt: skip
def test_bars_that_are_foreseen_to_be_calm_change_nothing(
    first: list[float | None], second: list[float | None], lows: dict[int, float],
    shares: dict[tuple[int, int], float], steady: bool, stops: bool, bound: bool, cut: int,
) -> None:  # fmt: skip
    """A strategy that is not proved is asked at every close, and foresees nothing. Where both markets have every bar,
    the fleet that foresees is begun anew on its way besides."""
    legs = still(ONE, [100.0, *first], lows), still(TWO, [100.0, *second])
    told: dict[str, Any] = {"shares": shares, "policy": STOPPED if stops else Policy(**FREE)}
    told |= {"strategy": Steady()} if steady else {"parameters": {"both_sides": True}}
    each, foreseen = PairRun(*legs, **told, proved=False).run(bound=bound), PairRun(*legs, **told)
    if len(legs[0]) == len(legs[1]) == 25:
        foreseen.run(bound=bound, bars=cut)
    foreseen.run(bound=bound)
    for leg, bot in enumerate(each.bots):
        assert foreseen.told(leg) == each.told(leg) and foreseen.traces(leg) == each.traces(leg)
        mine, other = (one.journal.marks(bot.id) for one in (foreseen, each))
        assert np.array_equal(mine.equity, other.equity) and np.array_equal(mine.position, other.position)
        assert foreseen.journal.status(bot.id).kernel == each.journal.status(bot.id).kernel
    assert foreseen.journal.facts() == each.journal.facts()


def last_hours(pair: PairRun, leg: int) -> set[int]:
    """The hour at whose close an order of a leg could not be filled any more: there is no later bar."""
    return {int(pair.legs[leg].ts[-1]) // HOUR_MS}


def never_stands_alone(pair: PairRun, leg: int) -> None:
    """A leg that is alone at a close has its exit on its way: at its next bar it is out."""
    mine, other = (pair.journal.marks(pair.bots[one].id) for one in (leg, 1 - leg))
    at = other.ts.searchsorted(mine.ts, side="right") - 1
    alone = 0
    for bar, place in enumerate(at):
        shared = place >= 0 and other.ts[place] == mine.ts[bar]
        alone = alone + 1 if mine.position[bar] and shared and not other.position[place] else 0
        assert alone <= 1, f"{pair.bots[leg].name} stands alone at bar {bar}"
