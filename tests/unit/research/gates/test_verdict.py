"""Verdicts by rule, and the law that nothing worse and nothing missing ever lifts one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karat.core.time import HOUR_MS, MINUTE_MS
from karat.research.gates.evidence import NOT_REACHED, Evidence, figure_names, no_evidence_yet
from karat.research.gates.thresholds import Gate, Relation, Severity, changed_thresholds, default_thresholds
from karat.research.gates.verdict import Grade, Outcome, verdict
from karat.stats.figure import Undefined

THRESHOLDS = default_thresholds()
UNKNOWN = Undefined("nobody can tell")
LOWER_IS_BETTER = {gate.figure for gate in THRESHOLDS.gates if gate.relation is Relation.AT_MOST}


def strictest(figure: str) -> Gate:
    """Of the gates of a figure the one that asks most."""
    gates = [gate for gate in THRESHOLDS.gates if gate.figure == figure]
    return max(gates, key=lambda gate: -gate.value if gate.relation is Relation.AT_MOST else gate.value)


def passing(figure: str) -> float:
    gate = strictest(figure)
    return gate.value + {Relation.AT_LEAST: 0.0, Relation.AT_MOST: 0.0, Relation.ABOVE: 0.1}[gate.relation]


def failing(gate: Gate) -> float:
    return gate.value + (0.1 if gate.relation is Relation.AT_MOST else -0.1)


GOOD = Evidence(
    bar_ms=HOUR_MS,
    annual_sharpe=2.0,
    **{name: passing(name) for name in figure_names() if name != "annual_sharpe"},
)
SOFT_ONLY = [g for g in THRESHOLDS.gates if g.severity is Severity.SOFT]
HARD = [g for g in THRESHOLDS.gates if g.severity is Severity.HARD]


def judged(**changes):
    return verdict(replace(GOOD, **changes), THRESHOLDS)


def test_who_passes_every_gate_by_a_hair_is_gold():
    found = judged()
    assert found.grade is Grade.GOLD and found.decided_by is None
    assert {one.outcome for one in found.results} == {Outcome.PASSED}


@pytest.mark.parametrize("gate", SOFT_ONLY, ids=lambda gate: gate.name)
def test_one_soft_failure_is_a_watch(gate):
    found = judged(**{gate.figure: failing(gate)})
    assert found.grade is Grade.WATCH
    assert found.decided_by is not None and found.decided_by.gate == gate


@pytest.mark.parametrize("gate", HARD, ids=lambda gate: gate.name)
def test_one_hard_failure_buries_and_is_the_reason(gate):
    found = judged(**{gate.figure: failing(gate)})
    assert found.grade is Grade.BURIED
    assert found.decided_by is not None and found.decided_by.gate == gate
    assert found.decided_by.outcome is Outcome.FAILED


@pytest.mark.parametrize("gate", HARD, ids=lambda gate: gate.name)
def test_a_hard_figure_that_cannot_be_told_is_no_evidence_with_its_reason(gate):
    found = judged(**{"deflated_sharpe": 0.1, gate.figure: UNKNOWN})  # even beside a failure
    assert found.grade is Grade.NO_EVIDENCE
    assert "nobody can tell" in found.reason


@pytest.mark.parametrize(
    "few", [{"trades": 99.0}, {"trades": 0.0}, {"trades_out_of_sample": 29.0}, {"days": 364.0}, {"trades": UNKNOWN}]
)
def test_too_few_trades_or_days_neither_bury_nor_are_watched(few):
    assert judged(**few).grade is Grade.NO_EVIDENCE
    assert judged(**few, deflated_sharpe=0.0, regimes_positive=0.0).grade is Grade.NO_EVIDENCE
    assert judged(**few, t_ratio=0.0).grade is Grade.NO_EVIDENCE


def test_the_first_hard_failure_of_the_table_is_named():
    found = judged(deflated_sharpe=0.2, profit_factor_at_double_costs=0.9, ruin_probability=0.5)
    assert found.decided_by is not None and found.decided_by.gate.name == "profit_factor_at_double_costs"
    assert found.reason == "profit_factor_at_double_costs is 0.9, not above 1.1."


def test_who_died_early_is_buried_though_later_stages_were_not_reached():
    early = replace(no_evidence_yet(HOUR_MS), days=900.0, trades=400.0, profit_factor_at_double_costs=0.8)
    assert verdict(early, THRESHOLDS).grade is Grade.BURIED
    alive = replace(early, profit_factor_at_double_costs=1.5)
    assert verdict(alive, THRESHOLDS).grade is Grade.NO_EVIDENCE
    assert verdict(replace(early, trades=40.0), THRESHOLDS).grade is Grade.NO_EVIDENCE


def test_a_soft_figure_that_is_missing_is_no_pass():
    assert judged(t_ratio=UNKNOWN).grade is Grade.WATCH
    assert judged(t_ratio=NOT_REACHED).grade is Grade.WATCH


@pytest.mark.parametrize(
    ("kept", "bar_ms", "grade", "outcome"),
    [
        (0.5, HOUR_MS, Grade.GOLD, Outcome.PASSED),
        (0.49, HOUR_MS, Grade.BURIED, Outcome.FAILED),
        (UNKNOWN, HOUR_MS, Grade.NO_EVIDENCE, Outcome.UNDEFINED),
        (NOT_REACHED, HOUR_MS, Grade.NO_EVIDENCE, Outcome.NOT_REACHED),
        (0.9, 15 * MINUTE_MS, Grade.GOLD, Outcome.PASSED),
        (0.49, 15 * MINUTE_MS, Grade.BURIED, Outcome.PASSED),
    ],
)
def test_a_sharpe_above_4_is_a_bug_until_one_bar_of_delay_clears_it(kept, bar_ms, grade, outcome):
    found = judged(annual_sharpe=4.1, sharpe_kept_one_bar_later=kept, bar_ms=bar_ms)
    plausible = found.results[0]
    assert (found.grade, plausible.gate.name, plausible.outcome) == (grade, "plausible_sharpe", outcome)


def test_a_sharpe_of_4_or_none_at_all():
    assert judged(annual_sharpe=4.0).results[0].outcome is Outcome.PASSED
    assert judged(annual_sharpe=UNKNOWN).grade is Grade.NO_EVIDENCE


def test_a_verdict_says_by_which_numbers_it_was_reached():
    ours = changed_thresholds("[gates.deflated_sharpe]\nvalue = 0.99\n")
    found = verdict(GOOD, ours)
    assert found.grade is Grade.BURIED
    told = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert told["thresholds"] == ours.hash and told["changed"] == ["gates.deflated_sharpe"]
    assert told["verdict"] == "buried" and told["decided_by"] == "deflated_sharpe"
    row = next(gate for gate in told["gates"] if gate["gate"] == "deflated_sharpe")
    assert (row["value"], row["threshold"], row["outcome"], row["severity"]) == (0.95, 0.99, "failed", "hard")


def test_evidence_holds_no_infinity():
    with pytest.raises(AssertionError):
        replace(GOOD, t_ratio=float("nan"))
    told = replace(GOOD, t_ratio=UNKNOWN).as_dict()
    assert told["t_ratio"] == {"undefined": "nobody can tell"} and told["bar_ms"] == HOUR_MS


NEAR = st.sampled_from([-2.0, -1.0, -0.2, -0.01, 0.0, 0.0, 0.0, 0.01, 0.2, 1.0, 50.0])
MISSING = st.sampled_from([UNKNOWN, NOT_REACHED])


@st.composite
def evidences(draw) -> Evidence:
    """Near the gates, mostly good, with a few figures off or missing, so that every grade is met."""
    names = draw(st.lists(st.sampled_from(figure_names()), max_size=4, unique=True))
    known = st.one_of(NEAR, NEAR, NEAR, MISSING)
    base = GOOD if draw(st.booleans()) else replace(GOOD, annual_sharpe=4.5)
    changes = {}
    for name in names:
        off = draw(known)
        changes[name] = off if isinstance(off, Undefined) else base.figure(name) + off
    return replace(base, **changes)


@settings(deadline=None, max_examples=300)
@given(evidences(), st.sampled_from(figure_names()), st.floats(0.001, 100.0))
def test_no_figure_that_becomes_worse_lifts_a_verdict(evidence, name, by):
    figure = evidence.figure(name)
    if isinstance(figure, Undefined):
        return
    worse = figure + by if name in LOWER_IS_BETTER else figure - by
    before = verdict(evidence, THRESHOLDS).grade
    assert verdict(replace(evidence, **{name: worse}), THRESHOLDS).grade.belief <= before.belief


@settings(deadline=None, max_examples=300)
@given(evidences(), st.lists(st.sampled_from(figure_names()), min_size=1, max_size=3), MISSING)
def test_no_evidence_that_is_taken_away_lifts_a_verdict(evidence, names, missing):
    before = verdict(evidence, THRESHOLDS).grade
    after = verdict(replace(evidence, **dict.fromkeys(names, missing)), THRESHOLDS).grade
    assert after.belief <= before.belief
