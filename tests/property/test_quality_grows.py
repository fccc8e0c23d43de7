"""Bars that come one by one leave the same series, with the same quality, as all of them at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from karat.core.ids import MarketId
from karat.core.model.candles import Candles
from karat.core.time import HOUR_MS
from karat.lake.quality import measure
from karat.lake.store import open_lake
from karat.ports.lake import Quality

MARKET = MarketId("v:X")


@st.composite
def candles(draw: st.DrawFn) -> Candles:
    """Up to forty bars with holes, long pauses, splits and idle bars."""
    steps = draw(st.lists(st.sampled_from((1, 1, 1, 2, 5, 300)), min_size=1, max_size=40))
    prices = draw(st.lists(st.sampled_from((100.0, 101.0, 50.0)), min_size=len(steps), max_size=len(steps)))
    volumes = draw(st.lists(st.sampled_from((0.0, 0.0, 7.0)), min_size=len(steps), max_size=len(steps)))
    price = np.array(prices)
    ts = np.cumsum(np.array(steps)) * HOUR_MS
    return Candles(MARKET, HOUR_MS, ts, price, price + 1.0, price - 1.0, price.copy(), np.array(volumes))


def comparable(quality: Quality) -> Quality:
    """Without the place of the largest move where nothing moved."""
    return quality if quality.largest_move else replace(quality, largest_move_ts=0)


@settings(max_examples=60, deadline=None)
@given(whole=candles(), sessions=st.booleans(), data=st.data())
def test_any_split_gives_the_quality_of_the_whole(whole: Candles, sessions: bool, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole)), max_size=5), label="cuts") - {len(whole)})
    with TemporaryDirectory() as folder:
        lake, at_once = open_lake(Path(folder) / "a"), open_lake(Path(folder) / "b")
        for begin, end in pairwise([0, *cuts, len(whole)]):
            with lake.change() as change:
                change.append_candles(whole[begin:end], sessions=sessions)
        with at_once.change() as change:
            change.put_candles(whole, measure(whole, sessions=sessions), sessions=sessions)
        grown, measured = lake.list()[0], at_once.list()[0]
        assert (grown.hash, grown.rows, grown.sessions) == (measured.hash, measured.rows, measured.sessions)
        assert comparable(grown.quality) == comparable(measured.quality)
        assert grown.holes == measured.holes
