"""An indicator that goes on from its state says, bar by bar, what it says of the whole column: to the bit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from karat.core.indicators.carrying import CARRYING
from karat.core.indicators.catalogue import CATALOGUE
from karat.core.model.candles import Candles, Floats
from karat.strategies.check.hostile import hostile_markets

BARS = 130
MARKETS = {name: market.candles for name, market in hostile_markets(BARS, ()).items()}
ARGUMENTS: dict[str, tuple[tuple[int | float, ...], ...]] = {
    "ema": ((1,), (2,), (20,), (200,)),
    "sma": ((1,), (3,), (8,), (9,), (20,), (200,)),
    "standard_deviation": ((1,), (5,), (20,), (200,)),
    "bollinger": ((1, 2.0), (20, 2.0), (33, 0.5), (200, 2.0)),
    "rsi": ((1,), (3,), (14,), (200,)),
    "macd": ((12, 26, 9), (1, 2, 1), (5, 40, 3), (12, 126, 9)),
    "atr": ((1,), (14,), (200,)),
    "donchian": ((1,), (20,), (200,)),
    "donchian_previous": ((1,), (20,), (200,)),
}
CASES = [(name, arguments) for name, sets in ARGUMENTS.items() for arguments in sets]


def carried(candles: Candles, name: str, arguments: tuple[int | float, ...], stops: list[int]) -> list[Floats]:
    """The outputs, computed in parts that end at `stops`."""
    spec, carrying = CATALOGUE[name], CARRYING[name]
    columns = [getattr(candles, column) for column in spec.inputs]
    outputs = [np.full(BARS, 7.0) for _ in spec.outputs]
    state = np.zeros(carrying.state_size(*arguments))
    for first, stop in pairwise([0, *stops, BARS]):
        carrying.kernel(*columns, *outputs, state, first, stop, *arguments)
    return outputs


def assert_is_the_whole(candles: Candles, name: str, arguments: tuple[int | float, ...], stops: list[int]) -> None:
    spec = CATALOGUE[name]
    whole = spec.function(*(getattr(candles, column) for column in spec.inputs), *arguments)
    for one, other in zip(
        carried(candles, name, arguments, stops), whole if len(spec.outputs) > 1 else (whole,), strict=True
    ):
        assert np.array_equal(one, other, equal_nan=True) and np.array_equal(np.signbit(one), np.signbit(other))


def test_every_one_that_can_be_carried_is_tried() -> None:
    assert set(ARGUMENTS) == set(CARRYING)


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_bar_by_bar_it_is_the_whole_on_hostile_markets(name: str, arguments: tuple[int | float, ...]) -> None:
    for candles in MARKETS.values():
        assert_is_the_whole(candles, name, arguments, list(range(1, BARS)))


@given(
    case=some.sampled_from(CASES),
    market=some.sampled_from(sorted(MARKETS)),
    stops=some.lists(some.integers(0, BARS), max_size=6).map(sorted),
)
def test_how_the_bars_are_parted_changes_nothing(
    case: tuple[str, tuple[int | float, ...]], market: str, stops: list[int]
) -> None:
    assert_is_the_whole(MARKETS[market], *case, stops)
