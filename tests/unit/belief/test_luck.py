"""How far the best of many comes without any edge, against trials that are drawn and looked at."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karat.stats.belief.deflated import equivalent_trials, expected_maximum, expected_maximum_exact


@settings(deadline=None)
@given(st.floats(1.0, 1e9))
def test_equivalent_trials_have_the_luck_they_were_asked_for(trials):
    peak = max(expected_maximum(trials), expected_maximum_exact(trials) if trials < 5.0 else 0.0)
    assert equivalent_trials(peak) == pytest.approx(trials, rel=1e-4, abs=1e-4)
