"""Series that are published late and revised later: every way to join them too early is caught, the right ways pass."""

from __future__ import annotations

from pathlib import Path

from tests.unit.strategies.written import marked_line, written

from karat.strategies.check import CheckReport, Finding, check_strategy


def test_daily_series_merged_by_its_own_date_is_caught(tmp_path: Path) -> None:
    body = """
mood = market.observations("fear_greed")
row = np.searchsorted(mood.ts, market.ts, side="right") - 1  # culprit
value = mood.value[np.maximum(row, 0)]
return signals(len(market), long=value > 60.0, exit_long=value < 40.0)
"""
    strategy = written(tmp_path, "date_merged", body, needs=("fear_greed",))
    finding = _one(check_strategy(strategy), "future_removed")
    assert finding.culprit == "numpy.searchsorted"
    assert finding.line == marked_line(tmp_path / "date_merged.py")


def test_the_same_daily_series_joined_as_of_passes(tmp_path: Path) -> None:
    body = """
value = market.series("fear_greed")
return signals(len(market), long=value > 60.0, exit_long=value < 40.0)
"""
    report = check_strategy(written(tmp_path, "as_of", body, needs=("fear_greed",)))
    assert report.passed, [finding.text() for finding in report.findings]


def test_daily_series_joined_by_its_date_and_a_lag_but_in_its_final_prints_is_caught(tmp_path: Path) -> None:
    """Two days late is later than any first print, and still a look into the future: the values are revised ones."""
    body = """
mood = market.observations("fear_greed")
days = np.unique(mood.ts)
final = np.array([mood.value[mood.ts == day][-1] for day in days])
row = np.searchsorted(days + 2 * 86_400_000, market.ts + 3_600_000, side="right") - 1
value = np.where(row >= 0, final[np.maximum(row, 0)], np.nan)
return signals(len(market), long=value > 60.0, exit_long=value < 40.0)
"""
    report = check_strategy(written(tmp_path, "final_prints", body, needs=("fear_greed",)))
    finding = _one(report, "future_removed")
    assert not report.passed and finding.bar is not None and finding.dataset == "walk"


def test_the_same_series_in_its_first_prints_passes(tmp_path: Path) -> None:
    body = """
mood = market.observations("fear_greed")
days = np.unique(mood.ts)
first = np.array([mood.value[mood.ts == day][0] for day in days] or [np.nan])
row = np.searchsorted(days + 2 * 86_400_000, market.ts + 3_600_000, side="right") - 1
value = np.where(row >= 0, first[np.maximum(row, 0)], np.nan)
return signals(len(market), long=value > 60.0, exit_long=value < 40.0)
"""
    report = check_strategy(written(tmp_path, "first_prints", body, needs=("fear_greed",)))
    assert report.passed, [finding.text() for finding in report.findings]


def _one(report: CheckReport, check: str) -> Finding:
    found = [finding for finding in report.findings if finding.check == check]
    assert found, [finding.text() for finding in report.findings]
    return found[0]
