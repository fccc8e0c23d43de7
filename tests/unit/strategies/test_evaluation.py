"""`evaluate`: what a strategy says is checked, masked below warm-up, and never written into the market."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.strategies.markets import market
from tests.unit.strategies.written import marked_line, written

from karat.core.errors import InputError
from karat.strategies import evaluate, resolve


def test_every_signal_below_warmup_is_zero_even_where_the_array_belongs_to_the_market(tmp_path: Path) -> None:
    body = """
always = market.awake(p.period)
return signals(len(market), long=always, exit_short=always, stop=market.close, size_scale=np.ones(len(market)))
"""
    one = market(60)
    given = evaluate(strategy := written(tmp_path, "always", body), one, resolve(strategy))
    for column in (given.entry, given.exit_short, given.confidence, given.stop, given.size_scale):
        assert column is not None and not column[:20].any() and column[20:].all()
    assert one.close[0] > 0.0 and one.awake(20).all()


def test_a_market_shorter_than_the_warmup_gets_quiet_signals(tmp_path: Path) -> None:
    strategy = written(tmp_path, "windows", "market.close[19]\nreturn signals(len(market), long=market.close > 0)")
    given = evaluate(strategy, market(19), resolve(strategy))
    assert len(given) == 19 and not given.entry.any() and not given.confidence.any()


def test_what_comes_out_is_read_only_and_contiguous(tmp_path: Path) -> None:
    strategy = written(tmp_path, "strided", "return signals(len(market), long=np.ones(2 * len(market), bool)[::2])")
    given = evaluate(strategy, market(60), resolve(strategy))
    for column in (given.entry, given.exit_long, given.exit_short, given.confidence):
        assert column.flags.c_contiguous and not column.flags.writeable


@pytest.mark.parametrize(
    ("returned", "complaint"),
    [
        ("None", "returned NoneType"),
        ("signals(len(market) - 1)", "gave 59 signals for 60 bars"),
        ("signals(len(market), confidence=np.full(60, -0.5))", "gave confidence -0.5 at bar 20"),
        ("signals(len(market), target=np.full(60, 2.0))", "gave target 2 at bar 20"),
        ("signals(len(market), stop=np.ones(60, np.float32))", "gave stop as float32"),
        ("Signals(np.full(60, 3, np.int8), *[np.zeros(60, bool)] * 2, np.ones(60))", "gave entry 3 at bar 20"),
        ("Signals(np.zeros(60), *[np.zeros(60, bool)] * 2, np.ones(60))", "gave entry as float64"),
    ],
)
def test_signals_that_cannot_be_are_refused(returned: str, complaint: str, tmp_path: Path) -> None:
    strategy = written(tmp_path, "odd", f"return {returned}")
    with pytest.raises(InputError, match=complaint) as refused:
        evaluate(strategy, market(60), resolve(strategy))
    assert refused.value.code == "bad_signals"


def test_a_negative_warmup_is_refused(tmp_path: Path) -> None:
    strategy = written(tmp_path, "early", "return signals(len(market))", warmup="-1")
    with pytest.raises(InputError, match="warm-up of -1"):
        evaluate(strategy, market(60), resolve(strategy))


def test_an_exception_becomes_one_line_with_file_and_line(tmp_path: Path) -> None:
    strategy = written(tmp_path, "divides", "ratio = 1 // 0  # culprit\nreturn signals(len(market))")
    with pytest.raises(InputError) as refused:
        evaluate(strategy, market(60), resolve(strategy))
    assert refused.value.code == "strategy_failed"
    assert f"divides.py:{marked_line(tmp_path / 'divides.py')}: ZeroDivisionError" in refused.value.message


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    strategy = written(tmp_path, "moody", "return signals(len(market))", needs=("mood",))
    with pytest.raises(InputError, match="needs mood") as refused:
        evaluate(strategy, market(60), resolve(strategy))
    assert refused.value.code == "input_missing"


def test_nan_confidence_passes_because_it_refuses_the_entry_later(tmp_path: Path) -> None:
    strategy = written(tmp_path, "unsure", "return signals(len(market), confidence=np.full(len(market), np.nan))")
    given = evaluate(strategy, market(60), resolve(strategy))
    assert np.isnan(given.confidence[20:]).all() and not given.confidence[:20].any()
