"""Planted edges are worth what they are said to be, on markets that had no part in sizing them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.unit.calibration.real_worlds import rough_sources

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.kernel.engine import prepare, run
from karat.research.calibration.draws import Series
from karat.research.calibration.edges import Edge, Nature
from karat.research.calibration.markets import market_data
from karat.research.calibration.planted import EDGE_POLICY, Days, days_of, noises, planting, strength_of, worth
from karat.research.trades import closed_results
from karat.strategies import evaluate, find_strategy, resolve

CHARACTER = rough_sources(1)[0].character


@pytest.mark.parametrize("nature", tuple(Nature))
def test_an_edge_sized_for_a_sharpe_ratio_of_two_is_worth_two_on_240_other_years(nature: Nature) -> None:
    edge = Edge(nature, strength_of(noises(CHARACTER, 5, Series.SIZING, range(24)), nature, 2.0))
    found = worth([days_of(one, edge) for one in noises(CHARACTER, 5, Series.MEASURING, range(80))])
    assert found.years == pytest.approx(240.0)
    assert found.error < 0.08
    assert found.sharpe == pytest.approx(2.0, abs=0.2)
    assert found.plain == pytest.approx(found.sharpe, abs=4.0 / np.sqrt(found.years)), "luck is nothing on average"


def best_of_winnings(edge: Edge) -> float:
    """Share of all winning trades' profit that the best 5% of trades bring."""
    strategy, found = find_strategy(edge.nature.strategy), []
    for noise in noises(CHARACTER, 5, Series.MEASURING, range(4)):
        data = market_data(MarketId("test:EDGE"), noise.bars(edge))
        signals = evaluate(strategy, data.market, resolve(strategy, {}))
        results = np.sort(closed_results(run(prepare(data.candles, signals, EDGE_POLICY, data.instrument))))
        found.append(results[-math.ceil(len(results) / 20) :].sum() / results[results > 0.0].sum())
    return float(np.mean(found))


def test_a_trend_concentrates_its_profit_and_a_reversion_does_not() -> None:
    ready = noises(CHARACTER, 5, Series.SIZING, range(4))
    shares = {nature: best_of_winnings(Edge(nature, strength_of(ready, nature, 3.0))) for nature in Nature}
    assert shares[Nature.TREND] > 0.35
    assert shares[Nature.REVERSION] < 0.25


@pytest.mark.parametrize("nature", tuple(Nature))
def test_without_an_edge_the_strategy_loses_what_it_pays(nature: Nature) -> None:
    found = worth([days_of(one, Edge(nature, 0.0)) for one in noises(CHARACTER, 5, Series.SIZING, range(8))])
    assert found.sharpe < -5.0 * found.error < 0.0


def test_the_worth_of_two_markets_by_hand() -> None:
    first = Days(np.array([0.01, 0.03]), np.array([0.0, 0.02]))  # 0.01 a day without luck
    second = Days(np.array([0.03, 0.01]), np.array([0.01, -0.03]))  # 0.03
    found = worth([first, second])
    deviation = np.sqrt(4 * 0.01**2 / 3)
    assert found.sharpe == pytest.approx(0.02 / deviation * np.sqrt(365))
    assert found.plain == pytest.approx(found.sharpe)
    assert found.error == pytest.approx(0.01 / deviation * np.sqrt(365))
    assert found.years == pytest.approx(4 / 365)


def test_a_stronger_edge_is_asked_for_a_higher_ratio_and_every_source_has_its_own() -> None:
    found = planting(rough_sources(2), tuple(Nature), (1.0, 2.0), 3, sizing=4, measuring=2)
    for nature in Nature:
        weak, strong = (nature, 1.0), (nature, 2.0)
        assert found.strengths[weak][0] < found.strengths[strong][0]
        assert found.strengths[weak][0] != found.strengths[weak][1]
        assert found.worths[weak].sharpe < found.worths[strong].sharpe
        assert found.worths[strong].years == pytest.approx(12.0)


def test_a_ratio_that_no_edge_brings_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        strength_of(noises(CHARACTER, 5, Series.SIZING, range(2)), Nature.TREND, 500.0)
    assert refused.value.code == "edge_out_of_reach"
