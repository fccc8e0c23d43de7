"""Thresholds are the checklist's, and a user changes them by name or not at all."""

from __future__ import annotations

import pytest

from karat.core.errors import InputError
from karat.research.gates.evidence import figure_names
from karat.research.gates.thresholds import Relation, Severity, changed_thresholds, default_thresholds


@pytest.mark.parametrize(
    ("name", "relation", "value", "severity"),
    [
        ("trades", Relation.AT_LEAST, 100, Severity.EVIDENCE),
        ("trades_enough", Relation.AT_LEAST, 200, Severity.SOFT),
        ("trades_out_of_sample", Relation.AT_LEAST, 30, Severity.EVIDENCE),
        ("profit_factor_at_double_costs", Relation.ABOVE, 1.1, Severity.HARD),
        ("best_month_profit_share", Relation.AT_MOST, 0.3, Severity.SOFT),
        ("regimes_positive", Relation.AT_LEAST, 4, Severity.HARD),
        ("deflated_sharpe", Relation.AT_LEAST, 0.95, Severity.HARD),
        ("superior_p_value", Relation.AT_MOST, 0.05, Severity.HARD),
        ("out_of_sample_loss", Relation.AT_MOST, 0.2, Severity.HARD),
        ("plateau_score", Relation.AT_LEAST, 0.7, Severity.SOFT),
        ("neighbours_profitable_least", Relation.AT_LEAST, 0.5, Severity.HARD),
        ("walk_forward_efficiency", Relation.AT_LEAST, 0.5, Severity.SOFT),
        ("walk_forward_efficiency_least", Relation.AT_LEAST, 0.3, Severity.HARD),
        ("combinatorial_sharpe_low", Relation.ABOVE, 0.0, Severity.HARD),
        ("ruin_probability", Relation.AT_MOST, 0.01, Severity.HARD),
        ("order_share_of_volume", Relation.AT_MOST, 0.01, Severity.SOFT),
    ],
)
def test_defaults_are_those_of_the_checklist(name, relation, value, severity):
    gate = default_thresholds().gate(name)
    assert (gate.relation, gate.value, gate.severity) == (relation, value, severity)


def test_every_figure_of_the_evidence_is_held_against_something():
    held = {gate.figure for gate in default_thresholds().gates}
    assert held | {"annual_sharpe"} == set(figure_names())  # the latter against plausible_sharpe
    names = [gate.name for gate in default_thresholds().gates]
    assert len(set(names)) == len(names)


def test_what_is_exactly_the_value_passes_unless_it_must_be_above():
    found = default_thresholds()
    assert found.gate("trades").passes(100.0) and not found.gate("trades").passes(99.0)
    assert found.gate("superior_p_value").passes(0.05) and not found.gate("superior_p_value").passes(0.0501)
    assert not found.gate("profit_factor_at_double_costs").passes(1.1)


def test_a_user_changes_values_and_severities_and_the_hash_tells():
    given = (
        '[gates.trades]\nvalue = 150\n[gates.t_ratio]\nseverity = "hard"\n[settings.bootstrap_paths]\nvalue = 10000\n'
    )
    found, base = changed_thresholds(given), default_thresholds()
    assert found.gate("trades").value == 150.0 and found.gate("trades").severity is Severity.EVIDENCE
    assert found.gate("t_ratio").severity is Severity.HARD and found.gate("t_ratio").value == 3.0
    assert found.setting("bootstrap_paths") == 10_000.0
    assert found.changed == ("gates.t_ratio", "gates.trades", "settings.bootstrap_paths")
    assert found.hash != base.hash
    assert changed_thresholds(given).hash == found.hash


def test_a_file_that_changes_nothing_is_no_change():
    found = changed_thresholds("[gates.trades]\nvalue = 100\n")
    assert found.changed == () and found.hash == default_thresholds().hash
    assert changed_thresholds("") == default_thresholds()


def test_a_changed_number_alone_changes_the_hash():
    base = default_thresholds().hash
    hashes = {changed_thresholds(f"[settings.vault_days]\nvalue = {days}\n").hash for days in (100, 182, 200)}
    assert len(hashes) == 3 and base in hashes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[gates.trade]\nvalue = 5\n", "Did you mean trades?"),
        ("[setings.vault_days]\nvalue = 5\n", "Did you mean settings?"),
        ("[settings.vault_dais]\nvalue = 5\n", "Did you mean vault_days?"),
        ("[gates.trades]\nvalues = 5\n", "Did you mean value?"),
        ('[gates.trades]\nfigure = "days"\n', "what gates.trades may change"),
        ('[settings.vault_days]\nseverity = "soft"\n', "what settings.vault_days may change"),
        ('[gates.trades]\nseverity = "soft"\n', "without it nothing can be told"),
        ('[gates.t_ratio]\nseverity = "evidence"\n', "cannot be 'evidence'"),
        ("[gates.t_ratio]\nseverity = true\n", "cannot be True"),
        ("[gates.trades]\nvalue = nan\n", "no number"),
        ("[gates.trades]\nvalue = inf\n", "no number"),
        ("[gates.trades]\nvalue = true\n", "no number"),
        ('[gates.trades]\nvalue = "many"\n', "no number"),
        ("[gates.trades]\nvalue = 99.5\n", "counts trades"),
        ("[gates.trades]\nvalue = -1\n", "counts trades"),
        ("[gates.deflated_sharpe]\nvalue = 95\n", "is a share"),
        ("[gates]\ntrades = 5\n", "no table"),
        ("gates = 5\n", "no table"),
        ("[gates.trades\n", "not TOML"),
    ],
)
def test_what_is_unknown_or_no_number_is_refused(text, said):
    with pytest.raises(InputError) as refused:
        changed_thresholds(text)
    assert refused.value.code == "bad_thresholds"
    assert said in str(refused.value)
