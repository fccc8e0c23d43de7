"""A known book makes a market order worse than spread and slippage say, never better."""

from __future__ import annotations

import pytest
from tests.simulation.decimal_examples import FLAT
from tests.unit.paper.counter import COSTLY, Counter, market
from tests.unit.paper.stand_in import MARKET

from karat.core.errors import InputError
from karat.venues.paper.orders import Book
from karat.venues.paper.prices import walk_rate

THIN = Book(0, ((99.0, 1.0), (98.0, 1.0)), ((101.0, 1.0), (102.0, 1.0)))
DEEP = Book(0, ((99.99, 1e6),), ((100.01, 1e6),))


def test_a_walk_over_the_levels_is_an_average_from_the_middle() -> None:
    assert walk_rate(THIN, 1, 1.0) == pytest.approx(0.01)
    assert walk_rate(THIN, 1, 2.0) == pytest.approx(0.015)  # one at 101, one at 102
    assert walk_rate(THIN, -1, 2.0) == pytest.approx(0.015)
    assert walk_rate(THIN, 1, 4.0) == pytest.approx(0.0275)  # two more at twice the distance of 102


@pytest.mark.parametrize(("book", "rate"), [(None, 0.002), (DEEP, 0.002), (THIN, 0.01)])
def test_the_worse_of_model_and_book_is_paid(book: Book | None, rate: float) -> None:
    counter = Counter(market([FLAT, FLAT], COSTLY))
    counter.venue.book(MARKET, THIN)
    counter.venue.book(MARKET, book)
    name = counter.enter(1, 10)
    counter.walk()
    said = counter.fills(name)[0]
    assert counter.price(name) == pytest.approx(100.0 * (1.0 + rate), rel=1e-12)
    assert said.priced is not None and said.priced.half_spread + said.priced.slippage == pytest.approx(rate)


@pytest.mark.parametrize(
    "sides", [((), ((101.0, 1.0),)), (((102.0, 1.0),), ((101.0, 1.0),)), (((99.0, 0.0),), ((101.0, 1.0),))]
)
def test_what_is_no_book_is_refused(sides: tuple[tuple[tuple[float, float], ...], ...]) -> None:
    with pytest.raises(InputError):
        Book(0, *sides)
