"""Every way to look into the future, keep state, or trade on nothing: caught, and by name, line and bar."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.strategies.written import marked_line, write_strategy, written

from karat.strategies.check import CheckReport, Finding, check_strategy

LEAKS = {
    "shifted_back": """
later = np.roll(market.close, -1)  # culprit
return signals(len(market), long=later > market.close, short=later < market.close)
""",
    "shifted_by_slices": """
close = market.close
later = np.append(close[1:], np.nan)  # culprit
return signals(len(market), long=later > close, exit_long=later < close)
""",
    "centred_window": """
smooth = np.convolve(market.close, np.ones(5) / 5, mode="same")  # culprit
return signals(len(market), long=market.close < smooth, exit_long=market.close > smooth)
""",
    "centred_sliding_windows": """
windows = np.lib.stride_tricks.sliding_window_view(market.high, 5)
peak = np.full(len(market), np.inf)
peak[2:-2] = windows.max(axis=1)
return signals(len(market), short=market.high >= peak)  # culprit
""",
    "whole_series_normalisation": """
mean = np.mean(market.close)  # culprit
score = (market.close - mean) / np.std(market.close)
return signals(len(market), long=score < -1.5, exit_long=score > 0)
""",
    "normalised_by_method": """
score = market.close - market.close.mean()  # culprit
return signals(len(market), long=score < 0, exit_long=score > 0)
""",
    "scaled_by_the_last_close": """
last = market.close[-1]  # culprit
return signals(len(market), long=market.close < 0.9 * last, exit_long=market.close > last)
""",
    "open_of_the_next_bar": """
gap = np.zeros(len(market))
gap[:-1] = market.open[1:] - market.close[:-1]
rises = market.close + gap > market.close  # culprit
return signals(len(market), long=rises, exit_long=~rises)
""",
    "indicator_of_a_reversed_series": """
backwards = market.close[::-1]  # culprit
smooth = market.sma(p.period, of=backwards)[::-1]
return signals(len(market), long=market.close < smooth, exit_long=market.close > smooth)
""",
    "close_of_the_whole_day": """
day = market.ts // 86_400_000
last_of_day = np.searchsorted(day, day, side="right") - 1  # culprit
return signals(len(market), long=market.close[last_of_day] > market.close)
""",
}


@pytest.mark.parametrize("name", LEAKS)
def test_look_into_the_future_is_caught_with_its_line_and_its_first_bar(name: str, tmp_path: Path) -> None:
    strategy = written(tmp_path, name, LEAKS[name])
    report = check_strategy(strategy)
    finding = _one(report, "future_removed")
    assert not report.passed
    assert finding.bar is not None and finding.bar >= 20 and finding.dataset == "walk"
    assert finding.file == f"{name}.py"
    assert finding.line == marked_line(tmp_path / f"{name}.py"), finding.text()
    assert any(one.check == "future_altered" for one in report.findings)


def test_one_bar_leak_is_reported_at_the_bar_before_the_cut(tmp_path: Path) -> None:
    strategy = written(tmp_path, "shifted_back", LEAKS["shifted_back"])
    finding = _one(check_strategy(strategy), "future_removed")
    assert "numpy.roll" in finding.culprit
    assert f"differ from bar {finding.bar} on" in finding.message


def test_leak_inside_compiled_code_names_the_indicator_that_inherits_it(tmp_path: Path) -> None:
    head = """
from karat.core.compiled import compiled


@compiled
def centred(close):
    out = close.copy()
    for i in range(1, len(close) - 1):
        out[i] = (close[i - 1] + close[i] + close[i + 1]) / 3.0
    return out

"""
    body = """
smooth = market.sma(p.period, of=centred(market.close))  # culprit
return signals(len(market), long=market.close < smooth, exit_long=market.close > smooth)
"""
    finding = _one(check_strategy(written(tmp_path, "compiled_leak", body, head=head)), "future_removed")
    assert finding.culprit == "sma(of=..., 20)"
    assert finding.line == marked_line(tmp_path / "compiled_leak.py")


def test_trading_only_the_last_bars_is_caught_though_no_number_leaks(tmp_path: Path) -> None:
    body = """
long = np.zeros(len(market), np.bool_)
long[-10:] = True
return signals(len(market), long=long)
"""
    report = check_strategy(written(tmp_path, "last_bars", body))
    assert _one(report, "future_removed").bar is not None


def test_random_numbers_are_caught_by_a_second_run_and_by_their_line(tmp_path: Path) -> None:
    body = """
noise = np.random.default_rng().random(len(market))  # culprit
return signals(len(market), long=noise * market.close > 0.9 * market.close)
"""
    report = check_strategy(written(tmp_path, "random_entries", body))
    assert _one(report, "repeat").bar is not None
    assert _one(report, "source").line == marked_line(tmp_path / "random_entries.py")
    assert "numpy.random" in _one(report, "source").culprit


def test_writing_to_a_read_only_column_is_reported_with_its_line(tmp_path: Path) -> None:
    body = """
close = market.close
close -= 1.0  # culprit
return signals(len(market), long=close > 0.0)
"""
    finding = _one(check_strategy(written(tmp_path, "writes", body)), "raises")
    assert f"writes.py:{marked_line(tmp_path / 'writes.py')}" in finding.message


def test_inputs_made_writable_and_changed_are_caught_by_name(tmp_path: Path) -> None:
    body = """
volume = market.candles.volume
volume.flags.writeable = True
volume[5] = 0.25
return signals(len(market))
"""
    finding = _one(check_strategy(written(tmp_path, "changes_volume", body)), "inputs")
    assert finding.culprit == "volume"


def test_global_cache_keyed_by_length_is_caught_by_name_and_by_its_wrong_answers(tmp_path: Path) -> None:
    body = """
if len(market) not in SEEN:
    SEEN[len(market)] = market.close > market.open
return signals(len(market), long=SEEN[len(market)], exit_long=~SEEN[len(market)])
"""
    strategy = written(tmp_path, "length_cache", body, head="SEEN = {}  # culprit\n")
    for report in (check_strategy(strategy), check_strategy(strategy)):
        state = _one(report, "state")
        assert state.culprit == "SEEN" and state.line == marked_line(tmp_path / "length_cache.py")
        assert _one(report, "order").bar is not None


def test_state_on_the_strategy_is_refused_with_its_line(tmp_path: Path) -> None:
    body = """
self.last = market.close  # culprit
return signals(len(market))
"""
    finding = _one(check_strategy(written(tmp_path, "keeps_state", body)), "raises")
    assert f"keeps_state.py:{marked_line(tmp_path / 'keeps_state.py')}" in finding.message


def test_warmup_shorter_than_an_indicator_names_the_indicator(tmp_path: Path) -> None:
    body = """
slow = market.sma(p.period)  # culprit
return signals(len(market), long=(market.close > slow) & market.awake(p.period))
"""
    finding = _one(check_strategy(written(tmp_path, "short_warmup", body, warmup="p.period - 5")), "warmup")
    assert finding.culprit == "sma(20)" and finding.bar == 15
    assert finding.line == marked_line(tmp_path / "short_warmup.py")


def test_warmup_that_fits_the_defaults_only_is_caught_at_the_end_of_the_range(tmp_path: Path) -> None:
    body = """
slow = market.sma(p.period)
return signals(len(market), long=(market.close > slow) & market.awake(p.period))
"""
    finding = _one(check_strategy(written(tmp_path, "constant_warmup", body, warmup="20")), "warmup")
    assert finding.culprit == "sma(50)" and finding.parameters == "period=50"


def test_entry_where_a_joined_series_is_undefined_is_caught(tmp_path: Path) -> None:
    body = """
calm = ~(market.series("fear_greed") > 60.0)  # culprit
return signals(len(market), long=calm)
"""
    finding = _one(check_strategy(written(tmp_path, "nan_is_calm", body, needs=("fear_greed",))), "nan")
    assert finding.culprit == "series fear_greed"
    assert finding.line == marked_line(tmp_path / "nan_is_calm.py")


def test_undefined_confidence_at_an_entry_is_caught(tmp_path: Path) -> None:
    body = """
rate = market.series("funding")
return signals(len(market), long=market.close > market.open, confidence=np.clip(0.5 + 100.0 * rate, 0.0, 1.0))
"""
    report = check_strategy(written(tmp_path, "nan_confidence", body, needs=("funding",)))
    assert any(one.check == "nan" and one.culprit == "confidence" for one in report.findings)


def test_entry_out_of_a_window_without_any_trade_is_caught(tmp_path: Path) -> None:
    body = """
place = market.stochastic(p.period)  # culprit
return signals(len(market), long=place.k < 20.0, exit_long=place.k > 80.0)
"""
    finding = _one(check_strategy(written(tmp_path, "oversold_when_frozen", body, warmup="p.period + 3")), "idle")
    assert finding.culprit.startswith("stochastic(20, 3, 3).k")
    assert finding.line == marked_line(tmp_path / "oversold_when_frozen.py") + 1


def test_crash_on_a_young_market_is_reported_with_line_and_length(tmp_path: Path) -> None:
    body = """
first = market.close[100]  # culprit
return signals(len(market), long=market.close > first)
"""
    finding = _one(check_strategy(written(tmp_path, "needs_a_hundred", body, warmup="5")), "raises")
    assert f"needs_a_hundred.py:{marked_line(tmp_path / 'needs_a_hundred.py')}" in finding.message


def test_arithmetic_whose_bits_depend_on_the_length_is_named(tmp_path: Path) -> None:
    body = """
level = np.dot(np.ones(3), np.ones(3))  # culprit
return signals(len(market), long=market.close > level)
"""
    finding = _one(check_strategy(written(tmp_path, "uses_blas", body)), "source")
    assert finding.culprit == "numpy.dot" and finding.line == marked_line(tmp_path / "uses_blas.py")


def test_signals_outside_their_range_are_reported(tmp_path: Path) -> None:
    report = check_strategy(
        written(tmp_path, "too_sure", "return signals(len(market), confidence=np.full(len(market), 1.5))")
    )
    assert "confidence 1.5" in _one(report, "raises").message


def test_check_is_the_same_twice_and_survives_storage(tmp_path: Path) -> None:
    strategy = written(tmp_path, "shifted_back", LEAKS["shifted_back"])
    first, second = check_strategy(strategy), check_strategy(strategy)
    assert first == second
    assert CheckReport.from_dict(first.as_dict()) == first


def test_a_changed_file_has_another_hash_and_newlines_do_not_count(tmp_path: Path) -> None:
    body = "return signals(len(market))"
    file = write_strategy(tmp_path, "quiet", body)
    first = check_strategy(written(tmp_path, "quiet", body)).code_hash
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    from karat.strategies.identity import code_hash
    from karat.strategies.loading import load_file

    assert code_hash(load_file(file)[0]) == first
    file.write_text(file.read_text() + "\nEXTRA = 1\n")
    assert code_hash(load_file(file)[0]) != first


def _one(report: CheckReport, check: str) -> Finding:
    found = [finding for finding in report.findings if finding.check == check]
    assert found, [finding.text() for finding in report.findings]
    return found[0]
