"""Columns travel without loss, and nothing in the data can end the script that holds it."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from karat.research.report.packing import pack, script_safe

KINDS = {"i1": "<i1", "i4": "<i4", "f8": "<f8"}


def unpacked(column: dict) -> NDArray[np.float64]:
    """What `assets/columns.js` makes of a column."""
    raw = np.frombuffer(base64.b64decode(column["base64"]), KINDS[column["kind"]]).astype(np.float64)
    if column.get("scale", 1) > 1:
        return raw / column["scale"]
    return column["start"] + raw * column["step"] if "step" in column else raw


@given(arrays(np.float64, st.integers(0, 40), elements=st.floats(width=64)))
def test_any_floats_come_back_to_the_bit(values: NDArray[np.float64]) -> None:
    back = unpacked(pack(values))
    assert np.array_equal(back, values, equal_nan=True)
    assert np.array_equal(np.signbit(back[~np.isnan(back)]), np.signbit(values[~np.isnan(values)]))


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40), st.sampled_from([0, 1, 2, 5]))
def test_prices_on_a_decimal_grid_take_half_the_room(ticks: list[int], places: int) -> None:
    prices = np.array([float(f"{tick}e-{places}") for tick in ticks])
    column = pack(prices)
    assert column["kind"] == "i4"
    assert np.array_equal(unpacked(column), prices)


@given(arrays(np.int64, st.integers(0, 40), elements=st.integers(-(2**52), 2**52)))
def test_any_whole_numbers_come_back(values: NDArray[np.int64]) -> None:
    assert np.array_equal(unpacked(pack(values)), values)


def test_open_times_are_steps_from_the_first() -> None:
    ts = 1_704_067_200_000 + np.array([0, 1, 2, 9]) * 3_600_000
    column = pack(ts)
    assert (column["kind"], column["start"], column["step"]) == ("i4", 1_704_067_200_000, 3_600_000)
    assert unpacked(column).tolist() == ts.tolist()


@pytest.mark.parametrize("text", ["</script><b>", "<!--<script>", "&amp;", "\u2028 \u2029", 'quote " and \\'])
def test_json_inside_a_script_holds_no_markup_and_the_same_text(text: str) -> None:
    written = script_safe({text: [text]})
    assert not set(written) & set("<>&\u2028\u2029")
    assert json.loads(written) == {text: [text]}


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        script_safe({"sharpe": float("inf")})
