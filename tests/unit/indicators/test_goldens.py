"""Every golden column of both reference series, within the tolerance their README states."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.unit.indicators.columns import COLUMNS
from tests.unit.indicators.worlds import call, reference_columns

from karat.core.indicators.catalogue import CATALOGUE

# Running-sum cancellation of the reference itself (its README).
LOOSE = {"correl_high_low_30", "beta_high_low_5", "var_20"}


@pytest.mark.parametrize("series", ["main", "edge"])
@pytest.mark.parametrize("column", COLUMNS)
def test_column_equals_its_golden(shared: Path, series: str, column: str) -> None:
    golden = COLUMNS[column]
    candles = reference_columns(shared, series)
    frame = pl.read_parquet(shared / "reference" / "indicators" / f"indicators_{series}.parquet", columns=[column])
    expected = frame[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    outputs = call(golden.indicator, candles, **golden.parameters)
    names = CATALOGUE[golden.indicator].outputs
    actual = outputs[names.index(golden.output or names[0])]
    assert np.array_equal(np.isnan(actual), np.isnan(expected)), "undefined at other bars than the golden"
    # 1e-9 of the price, and tighter for columns whose own values are smaller than prices.
    scale = min(float(np.mean(candles["close"])), float(np.nanmax(np.abs(expected))))
    relative = 1e-6 if column in LOOSE else 1e-7
    np.testing.assert_allclose(actual, expected, rtol=relative, atol=1e-9 * scale)


def test_every_golden_column_is_mapped(shared: Path) -> None:
    meta = json.loads((shared / "reference" / "indicators" / "meta.json").read_text())
    assert set(COLUMNS) == set(meta["columns_talib"]) | set(meta["columns_plain"])


@pytest.mark.parametrize("column", COLUMNS)
def test_first_value_is_where_the_reference_has_it(shared: Path, column: str) -> None:
    golden = COLUMNS[column]
    meta = json.loads((shared / "reference" / "indicators" / "meta.json").read_text())
    first = CATALOGUE[golden.indicator].first_valid(**golden.parameters)
    expected = meta["main"]["first_valid"][column]
    columns = [name for name, other in COLUMNS.items() if other[:2] == golden[:2]]
    assert first == max(meta["main"]["first_valid"][name] for name in columns) >= expected
