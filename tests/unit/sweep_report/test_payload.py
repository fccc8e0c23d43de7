"""What charts are given: bins, medians of cells, a sample of lines, counts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from karat.core.model.policy import LevelMode
from karat.research.sweep_report.ground import BINS_MAX, bins_of, drawn_axes
from karat.research.sweep_report.payload import COUNTS, counted, line_rows, medians
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.objective import NO_ROWS
from karat.research.sweeps.sweep import Sweep

NAN = float("nan")


def test_axes_are_in_the_order_of_their_numbers_off_first() -> None:
    grid = SweepGrid(
        {"period": (20, 5, 10), "fixed": (3,)},
        {"stop_mode": (LevelMode.FRACTION, LevelMode.ATR), "time_exit": (48, NAN)},
    )  # fmt: skip
    axes = drawn_axes(grid)
    assert [(axis.name, axis.labels) for axis in axes] == [
        ("period", ("5", "10", "20")), ("stop_mode", ("fraction", "atr")), ("time_exit", ("off", "48")),
    ]  # fmt: skip
    sweep = Sweep(grid, np.array([0, 5, 11]), np.zeros((3, 4)), np.zeros((3, 0)), NO_ROWS, 9, 365.0, None)
    found = bins_of(sweep, axes)
    assert {name: some.tolist() for name, some in found.items()} == {
        "period": [2, 0, 1], "stop_mode": [0, 0, 1], "time_exit": [1, 0, 0],
    }  # fmt: skip


def test_an_axis_of_many_values_has_bins_that_say_so() -> None:
    (axis,) = drawn_axes(SweepGrid({"period": tuple(range(100))}, {}))
    assert len(axis.labels) == BINS_MAX and axis.binned
    assert axis.labels[0] == "0..3" and axis.labels[-1].endswith("..99")
    assert (np.diff(axis.bin_of) >= 0).all() and axis.bin_of[-1] == BINS_MAX - 1


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(-9, 9) | st.just(NAN)), min_size=1, max_size=60))
def test_the_median_of_each_cell_is_that_of_its_values(rows: list[tuple[int, float]]) -> None:
    cells = np.array([cell for cell, _ in rows], np.int16)
    values = np.array([value for _, value in rows])
    order = np.argsort(values)[: np.count_nonzero(~np.isnan(values))]
    found = medians(values[order], cells[order], 6)
    for cell in range(6):
        own = values[(cells == cell) & ~np.isnan(values)]
        np.testing.assert_allclose(found[cell], np.median(own) if len(own) else NAN)


def test_of_many_lines_the_best_are_drawn_and_others_evenly() -> None:
    values = np.arange(1_000.0)
    rows, ranks = line_rows(values, low=False, simulated=np.ones(1_000, bool), most=100)
    assert len(rows) == 100 and rows[:50].tolist() == list(range(999, 949, -1))
    assert ranks.tolist() == sorted(set(ranks.tolist())) and ranks[-1] == 999
    assert set(np.diff(ranks[50:])) <= {19, 20}
    np.testing.assert_array_equal(values[rows], 999.0 - ranks)


def test_lines_without_a_figure_come_last_and_those_never_simulated_not_at_all() -> None:
    simulated = np.array([True, True, False, True])
    rows, ranks = line_rows(np.array([NAN, 0.3, NAN, 0.1]), low=True, simulated=simulated)
    assert rows.tolist() == [3, 1, 0] and ranks.tolist() == [0, 1, 2]


def test_counts_hold_every_variant_and_one_ruin_does_not_squeeze_them() -> None:
    values = np.concatenate([np.linspace(0.0, 1.0, 5_000), [-1e9, NAN, NAN]])
    simulated = np.ones(len(values), bool)
    simulated[-1] = False
    found = counted(values, simulated)
    assert sum(found["counts"]) + found["below"] == 5_001 and found["undefined"] == 1
    assert len(found["counts"]) == COUNTS and found["below"] == 5 and 0.0 <= found["low"] < 0.01
