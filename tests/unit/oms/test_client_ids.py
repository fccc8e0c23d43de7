"""Names of orders: one per key, read back, inside every venue's limits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karat.core.errors import InputError
from karat.oms.client_ids import LENGTH, LENGTH_MAX, OrderKey, Part, client_order_id, order_key

KEYS = st.builds(
    OrderKey,
    st.integers(0, 36**5 - 1),
    st.integers(0, 36**4 - 1),
    st.integers(0, 36**8 - 1),
    st.sampled_from(Part),
    st.integers(0, 36**2 - 1),
)


def test_a_name_by_hand() -> None:
    key = OrderKey(origin=36, bot=7, intent=100, part=Part.ENTRY)
    assert client_order_id(key) == "k" + "00010" + "0007" + "0000002s" + "e" + "00"
    assert client_order_id(key.next_attempt()).endswith("e01")
    assert LENGTH == 21 < LENGTH_MAX


@given(KEYS)
def test_a_name_is_read_back_so_no_two_keys_share_one(key: OrderKey) -> None:
    name = client_order_id(key)
    assert order_key(name) == key
    assert re.fullmatch(r"[a-z0-9]{21}", name)


@given(st.text(max_size=40) | st.from_regex(r"k[0-9a-z]{20}", fullmatch=True))
def test_a_text_is_ours_only_when_it_is_the_name_of_its_key(text: str) -> None:
    key = order_key(text)
    assert key is None or client_order_id(key) == text


@pytest.mark.parametrize("key", [OrderKey(0, 36**4, 0, Part.EXIT), OrderKey(0, 0, -1, Part.EXIT)])
def test_a_number_without_a_place_is_refused(key: OrderKey) -> None:
    with pytest.raises(InputError) as raised:
        client_order_id(key)
    assert raised.value.code == "order_key_range"
