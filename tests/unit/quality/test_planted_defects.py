"""One defect planted at a random place of real bars is found, under its name and at its place, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.unit.quality.planting import PLANTS, PRICES, Plant, changed, real_candles, real_funding, scaled, without

from karat.core.model.candles import Candles, Funding
from karat.core.time import HOUR_MS
from karat.quality import Finding, own_findings, score_of
from karat.quality.checks import Surroundings, all_findings
from karat.quality.funding import funding_findings
from karat.quality.timeframes import Built

BARS = 4_000
EDGE = 100  # a change of volume is seen where there are enough bars on both sides
EXPLAINED = {
    name: {"hole_unexplained"} for name in ("bad_price", "negative_volume", "off_grid")
}  # the bar is not there

Places = st.integers(EDGE, BARS - EDGE)
Sizes = st.floats(0.0, 1.0)


@pytest.fixture(scope="module")
def bars(shared: Path) -> Candles:
    """Half a year of Bitcoin, with the crash of March 2020 in it."""
    start = 2_400
    return real_candles(shared, "candles/binance_perp/1h/BTCUSDT.parquet", HOUR_MS, "a:BTC", slice(start, start + BARS))


@pytest.fixture(scope="module")
def elsewhere(shared: Path, bars: Candles) -> Candles:
    whole = real_candles(shared, "candles/binance_spot/1h/BTCUSDT.parquet", HOUR_MS, "b:BTC")
    return whole[int(np.searchsorted(whole.ts, bars.ts[0])) : int(np.searchsorted(whole.ts, bars.ts[-1])) + 1]


def new(found: tuple[Finding, ...], before: tuple[Finding, ...]) -> list[Finding]:
    return [one for one in found if one not in before]


def test_the_real_bars_have_nothing_of_what_is_planted(bars: Candles) -> None:
    assert own_findings(bars, sessions=False) == ()
    assert score_of((), len(bars)).value == 100.0


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.name}-{plant.at.__name__.strip('_')}")
@settings(max_examples=25, deadline=None)
@given(bar=Places, size=Sizes)
def test_a_planted_defect_is_found_at_its_place_and_nothing_else_is(
    bars: Candles, plant: Plant, bar: int, size: float
) -> None:
    if plant.name == "split":
        assume(bars.volume[bar] < bars.volume[bar - 50 : bar].max())  # else it may be a crash, and is told as one
    found = own_findings(plant.at(bars, bar, size), sessions=False)
    assert {one.name for one in found} - EXPLAINED.get(plant.name, set()) == {plant.name}
    places = [one for one in found if one.name == plant.name]
    assert len(places) == 1
    at = int(bars.ts[bar])
    near = 2 * HOUR_MS if plant.name in {"unordered", "volume_unit"} else HOUR_MS
    assert abs(places[0].from_ms - at) < near
    assert score_of(found, len(bars)).value < 100.0 or plant.name == "zero_volume"


@settings(max_examples=25, deadline=None)
@given(bar=Places, length=st.integers(1, 30))
def test_a_hole_of_one_symbol_is_ours_and_a_hole_of_all_is_the_venues(bars: Candles, bar: int, length: int) -> None:
    holed = without(bars, bar, bar + length)
    ours = all_findings(holed, Surroundings(peers=(bars,)), sessions=False)
    venues = all_findings(holed, Surroundings(peers=(holed,)), sessions=False)
    assert [(one.name, one.from_ms, one.bars) for one in ours] == [("hole", int(bars.ts[bar]), length)]
    assert [(one.name, one.from_ms, one.bars) for one in venues] == [("venue_down", int(bars.ts[bar]), length)]


@settings(max_examples=25, deadline=None)
@given(bar=Places, size=Sizes)
def test_a_crash_that_another_symbol_shares_is_no_error(bars: Candles, bar: int, size: float) -> None:
    crash = scaled(bars, slice(bar, bar + 1), 1 / (1.8 + 3 * size), ("low",))
    alone = all_findings(crash, Surroundings(peers=(bars,)), sessions=False)
    shared = all_findings(crash, Surroundings(peers=(crash,)), sessions=False)
    assert [one.name for one in alone] == ["wick"]
    assert shared == ()


@settings(max_examples=25, deadline=None)
@given(bar=Places, size=Sizes, column=st.sampled_from(("high", "low", "close")))
def test_a_bar_far_from_the_same_asset_elsewhere_is_found_on_the_side_that_errs(
    bars: Candles, elsewhere: Candles, bar: int, size: float, column: str
) -> None:
    factor = 1.5 + size if column == "high" else 1 / (1.5 + size)
    names = ("low", "close") if column == "close" else (column,)
    wrong = scaled(bars, slice(bar, bar + 1), factor, names)
    here = all_findings(wrong, Surroundings(elsewhere=((wrong, elsewhere),)), sessions=False)
    there = all_findings(elsewhere, Surroundings(elsewhere=((elsewhere, wrong),)), sessions=False)
    at = int(bars.ts[bar])
    assert "differs_from_venue" in {one.name for one in here if one.from_ms == at}
    assert "differs_from_venue" not in {one.name for one in there if one.from_ms == at}


@settings(max_examples=20, deadline=None)
@given(bar=Places, size=st.floats(0.0001, 0.1), column=st.sampled_from((*PRICES, "volume")))
def test_a_coarse_bar_that_its_finer_bars_do_not_make_is_found(
    bars: Candles, bar: int, size: float, column: str
) -> None:
    full = np.ones(len(bars), np.bool_)
    odd = changed(
        bars, **{column: np.where(np.arange(BARS) == bar, (1 + size) * getattr(bars, column), getattr(bars, column))}
    )
    found = all_findings(bars, Surroundings(finer=(Built(odd, full, HOUR_MS // 4),)), sessions=False)
    name = "volume_differs_from_finer" if column == "volume" else "differs_from_finer"
    expected = [] if column == "volume" and size / (1 + size) <= 1e-3 else [(name, int(bars.ts[bar]))]
    assert [(one.name, one.from_ms) for one in found] == expected


def test_prices_and_volumes_in_other_units_than_elsewhere_are_found(bars: Candles, elsewhere: Candles) -> None:
    everywhere = slice(0, BARS)
    cents = scaled(bars, everywhere, 100.0)
    quote = changed(bars, volume=bars.volume * bars.close)
    assert [one.name for one in _beside(cents, elsewhere)] == ["price_scale"]
    assert [one.name for one in _beside(quote, elsewhere)] == ["volume_unit"]


def _beside(candles: Candles, other: Candles) -> tuple[Finding, ...]:
    before = all_findings(candles, Surroundings(), sessions=False)
    found = all_findings(candles, Surroundings(elsewhere=((candles, other),)), sessions=False)
    return tuple(one for one in new(found, before) if one.name != "differs_from_venue")


@pytest.fixture(scope="module")
def funding(shared: Path) -> Funding:
    return real_funding(shared, "funding/binance_perp/BTCUSDT.parquet")


def test_real_funding_is_clean_beside_its_premium(funding: Funding, bars: Candles, elsewhere: Candles) -> None:
    assert funding_findings(funding, bars, elsewhere) == []


def test_funding_with_its_sign_turned_or_in_per_cent_is_found(
    funding: Funding, bars: Candles, elsewhere: Candles
) -> None:
    turned = Funding(funding.ts, -funding.rate, funding.mark)
    per_cent = Funding(funding.ts, 100 * funding.rate, funding.mark)
    assert {one.name for one in funding_findings(turned, bars, elsewhere)} == {"funding_sign"}
    assert {one.name for one in funding_findings(per_cent, bars, elsewhere)} == {"funding_unit"}


@settings(max_examples=25, deadline=None)
@given(stamp=st.integers(5, 6_000), length=st.integers(1, 9))
def test_missing_funding_is_found(funding: Funding, stamp: int, length: int) -> None:
    kept = np.r_[0:stamp, stamp + length : len(funding.ts)]
    found = funding_findings(Funding(funding.ts[kept], funding.rate[kept], funding.mark[kept]))
    assert [(one.name, one.from_ms, one.bars) for one in found] == [("funding_hole", int(funding.ts[stamp]), length)]
