"""A row of signals crosses to the bit, and what is no answer is not taken for one."""

from __future__ import annotations

import math
import struct
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.bots.workers.ground import last_row as bits

from karat.bots.workers.wire import (
    ERROR,
    FRAME_BYTES_MAX,
    LENGTH,
    OPTIONAL,
    ROW,
    ROWS_MAX,
    Garbled,
    error_read,
    error_told,
    last_row,
    length_of,
    rows_of,
    rows_told,
    signals_of_row,
    signals_of_rows,
)  # fmt: skip
from karat.core.model.signals import Signals, signals

ANY = st.floats(width=64)


@given(
    st.sampled_from([-1, 0, 1]), st.booleans(), st.booleans(), st.floats(0.0, 1.0),
    st.dictionaries(st.sampled_from(OPTIONAL[:-1]), ANY),
)  # fmt: skip
def test_any_row_comes_back_to_the_bit(
    entry: int, exit_long: bool, exit_short: bool, confidence: float, optional: dict[str, float]
) -> None:
    columns: dict[str, Any] = {name: np.array([7.0, value]) for name, value in optional.items()}
    given = signals(
        2, long=np.array([False, entry > 0]), short=np.array([False, entry < 0]),
        exit_long=np.array([False, exit_long]), exit_short=np.array([False, exit_short]),
        confidence=np.array([0.5, confidence]), **columns,
    )  # fmt: skip
    assert bits(signals_of_row(last_row(given))) == bits(given)


@given(st.floats(-1.0, 1.0) | st.just(math.nan))
def test_a_target_comes_back_to_the_bit(target: float) -> None:
    given = signals(1, target=np.array([target]))
    assert bits(signals_of_row(last_row(given))) == bits(given)


@given(st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.booleans(), ANY), min_size=1, max_size=9), st.integers(1, 9))
def test_rows_come_back_to_the_bit_however_they_are_cut(rows: list[tuple[int, bool, float]], cut: int) -> None:
    entry, leaves, stop = (np.array(column) for column in zip(*rows, strict=True))
    given = signals(len(rows), long=entry > 0, short=entry < 0, exit_long=leaves, stop=stop)
    frames = [rows_told(given, first, min(first + cut, len(rows))) for first in range(0, len(rows), cut)]
    back = signals_of_rows(np.concatenate([rows_of(frame) for frame in frames]))
    for spec in fields(Signals):
        one, other = getattr(given, spec.name), getattr(back, spec.name)
        assert (one is None and other is None) or one.tobytes() == other.tobytes()


def test_rows_that_do_not_go_together_are_refused() -> None:
    plain, with_a_stop = signals(1), signals(1, stop=np.array([1.0]))
    with pytest.raises(Garbled, match="some rows have"):
        signals_of_rows(np.concatenate([rows_of(last_row(one)) for one in (plain, with_a_stop)]))
    with pytest.raises(Garbled):
        signals_of_row(rows_told(signals(2), 0, 2))
    assert len(rows_told(signals(ROWS_MAX), 0, ROWS_MAX)) <= FRAME_BYTES_MAX


def changed(place: int, value: bytes) -> bytes:
    good = last_row(signals(1, long=np.array([True]), target=None))
    return good[:place] + value + good[place + len(value) :]


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"?", ROW, ROW + b"x" * 7, last_row(signals(1)) + b"x", ERROR + b"{}", changed(1, b"\x02"),
        changed(2, b"\x07"), changed(4, struct.pack("<d", 1.5)), changed(4, struct.pack("<d", math.nan)),
        changed(16, b"\x01"),
    ],
    ids=["nothing", "a mark", "no row", "a short row", "a long row", "an error", "entry 2", "exit 7", "confidence 1.5",
         "an entry unsure", "a target and an entry"],
)  # fmt: skip
def test_garbage_is_no_row(answer: bytes) -> None:
    with pytest.raises(Garbled):
        signals_of_row(answer)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(answer: bytes) -> None:
    for read in (signals_of_row, error_read):
        try:
            read(answer)
        except Garbled:
            continue


def test_a_frame_has_a_bound() -> None:
    assert length_of(LENGTH.pack(FRAME_BYTES_MAX)) == FRAME_BYTES_MAX
    for length in (0, FRAME_BYTES_MAX + 1):
        with pytest.raises(Garbled):
            length_of(LENGTH.pack(length))


def test_an_error_comes_back_with_a_bound_to_its_length() -> None:
    assert error_read(error_told("strategy_failed", "It failed.", "Mend it.")) == {
        "code": "strategy_failed", "message": "It failed.", "hint": "Mend it.",
    }  # fmt: skip
    assert len(error_told("strategy_failed", "é" * 10**6, "é" * 10**6)) < FRAME_BYTES_MAX
