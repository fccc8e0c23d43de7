"""The statistics of belief against the validation vectors: papers' printed figures, arch, skfolio, statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.unit.stats.vectors import load_vector

from karat.stats.belief import bootstrap, deflated, multiple_testing, overfitting, splits, superior, trade_paths
from karat.stats.belief.deflated import Moments

SEED = 7


def test_probabilistic_sharpe_of_the_papers_hedge_fund(shared):
    vector = load_vector(shared, "psr_paper_hedge_fund")
    given = vector["inputs"]
    fund = Moments(given["T"], given["sr"], given["skew"], given["kurt"])
    normal = Moments(given["T"], given["sr"], 0.0, 3.0)
    assert deflated.probabilistic_sharpe(fund) == pytest.approx(vector["expected"]["psr"], abs=1e-9)
    assert deflated.probabilistic_sharpe(normal) == pytest.approx(vector["expected"]["psr_if_normal"], abs=1e-9)


def test_probabilistic_sharpe_of_a_series_of_returns(shared):
    vector = load_vector(shared, "psr_from_returns")
    expected = vector["expected"]
    found = deflated.moments(vector["inputs"]["returns"])
    assert found.sharpe == pytest.approx(expected["sr_per_period"], abs=1e-9)
    assert found.skew == pytest.approx(expected["skew_population"], abs=1e-9)
    assert found.kurtosis == pytest.approx(expected["kurt_population"], abs=1e-9)
    assert deflated.probabilistic_sharpe(found) == pytest.approx(expected["psr_population_moments"], abs=1e-9)


def test_minimum_track_record_of_the_papers_table(shared):
    vector = load_vector(shared, "mintrl_paper_table")
    given = vector["inputs"]
    for case, observations in zip(given["cases"], vector["expected"]["observations"], strict=True):
        root = math.sqrt(case["q"])
        record = Moments(1_000, given["sr_annual"] / root, case["skew"], case["kurt"])
        length = deflated.minimum_track_record(record, given["benchmark_annual"] / root, given["confidence"])
        assert length == pytest.approx(observations, abs=1e-6), case["freq"]


def test_deflated_sharpe_of_the_papers_example(shared):
    vector = load_vector(shared, "dsr_paper_example")
    given, expected = vector["inputs"], vector["expected"]
    root = math.sqrt(given["periods_per_year"])
    variance = given["var_sr_annual"] / given["periods_per_year"]
    assert deflated.sharpe_of_luck(variance, 100) == pytest.approx(expected["sr0_per_period_N100"], abs=1e-6)
    for case, probability in zip(given["cases"], expected["dsr"], strict=True):
        of = Moments(
            given["T"], given["sr_annual"] / root, case.get("skew", given["skew"]), case.get("kurt", given["kurt"])
        )
        assert deflated.deflated_sharpe(of, variance, case["N"]) == pytest.approx(probability, abs=1e-6), case


def test_expected_maximum_by_approximation_and_exactly(shared):
    vector = load_vector(shared, "expected_max_normal")
    for trials, near, exact in zip(
        vector["inputs"]["N"], vector["expected"]["approx"], vector["expected"]["exact"], strict=True
    ):
        assert deflated.expected_maximum(trials) == pytest.approx(near, abs=1e-8)
        assert deflated.expected_maximum_exact(trials) == pytest.approx(exact, abs=1e-5)


def test_minimum_backtest_length_of_the_paper(shared):
    vector = load_vector(shared, "minbtl_paper")
    for trials, years in zip(vector["inputs"]["N"], vector["expected"]["years"], strict=True):
        assert deflated.minimum_backtest_years(trials) == pytest.approx(years, abs=1e-6)


def test_effective_trials(shared):
    vector = load_vector(shared, "effective_trials")
    given = vector["inputs"]
    assert deflated.effective_trials(given["M"], given["avg_corr"]) == pytest.approx(vector["expected"]["N_eff"])


def test_adjusted_p_values(shared):
    vector = load_vector(shared, "multiple_testing_adjust")
    p_values, expected = np.array(vector["inputs"]["p"]), vector["expected"]
    assert multiple_testing.bonferroni(p_values) == pytest.approx(expected["bonferroni"], abs=1e-9)
    assert multiple_testing.holm(p_values) == pytest.approx(expected["holm"], abs=1e-9)
    assert multiple_testing.benjamini_hochberg_yekutieli(p_values) == pytest.approx(expected["bhy"], abs=1e-9)


def test_haircut_sharpe_of_the_paper(shared):
    vector = load_vector(shared, "haircut_paper")
    given, expected = vector["inputs"], vector["expected"]
    cut = multiple_testing.haircut_sharpe(given["sr_annual"], given["T"], given["q"], given["autocorr"], given["tests"])
    assert cut.sharpe_adjusted == pytest.approx(expected["sr_autocorr_adjusted"], abs=1e-6)
    assert cut.t_ratio == pytest.approx(expected["t"], abs=1e-6)
    assert cut.p_single == pytest.approx(expected["p_single"], abs=1e-6)
    assert cut.p_adjusted == pytest.approx(expected["p_bonferroni"], abs=1e-6)
    assert cut.sharpe == pytest.approx(expected["haircut_sr"], abs=1e-6)
    assert cut.share == pytest.approx(expected["haircut"], abs=1e-6)


@pytest.mark.parametrize("identity", ["cscv_noise", "cscv_one_skilled", "cscv_reversal", "cscv_tiny"])
def test_cross_validation_of_a_choice(shared, identity):
    vector = load_vector(shared, identity)
    expected = vector["expected"]
    found = overfitting.cross_validate(np.array(vector["inputs"]["M"]), vector["inputs"]["S"])
    assert len(found.logit) == expected["n_combinations"]
    assert found.probability_of_overfitting == pytest.approx(expected["pbo"], abs=1e-9)
    assert found.logit == pytest.approx(expected["logits"], abs=1e-7)
    assert found.best.tolist() == expected["best_is"] if "best_is" in expected else True
    assert found.probability_of_loss == pytest.approx(expected["prob_oos_loss"], abs=1e-9)
    assert found.slope == pytest.approx(expected["slope"], abs=1e-6)
    assert found.intercept == pytest.approx(expected["intercept"], abs=1e-6)


@pytest.mark.parametrize("identity", ["spa_null", "spa_one_good"])
def test_superior_ability(shared, identity):
    vector = load_vector(shared, identity)
    expected, given = vector["expected"], vector["inputs"]
    found = superior.superior_ability(
        given["returns"], seed=SEED, mean_block=given["block_size"], resamples=given["reps"]
    )
    for name in ("p_lower", "p_consistent", "p_upper"):
        assert getattr(found, name) == pytest.approx(expected[name], abs=vector["tolerance"]["abs"]), name
    assert list(found.superior) == expected["stepm_superior"]


def test_block_lengths_and_the_variance_of_a_resampled_mean(shared):
    vector = load_vector(shared, "stationary_bootstrap")
    series, expected = vector["inputs"]["x"], vector["expected"]
    stationary, circular = bootstrap.block_lengths(series)
    assert stationary == pytest.approx(expected["optimal_block_stationary"], abs=1e-6)
    assert circular == pytest.approx(expected["optimal_block_circular"], abs=1e-6)
    both = np.column_stack((series, 3.0 * series))
    exact, scaled = bootstrap.variances_of_mean(both, 1.0 / vector["inputs"]["p"])
    assert exact == pytest.approx(expected["exact_var_sqrt_n_mean"], abs=1e-8)
    assert scaled == pytest.approx(9.0 * exact, rel=1e-12)
    assert bootstrap.variances_of_mean(both, 1.0)[0] == pytest.approx(expected["iid_var"], abs=1e-8)
    days = len(series)
    blocks = bootstrap.stationary_blocks(SEED, 20_000, days, days, 10.0)
    means = superior.resampled_means(series[:, None], blocks)[:, 0]
    assert days * means.var() == pytest.approx(expected["exact_var_sqrt_n_mean"], rel=vector["tolerance"]["rel_mc"])


def test_combinatorial_purged_cross_validation(shared):
    vector = load_vector(shared, "cpcv")
    given, expected = vector["inputs"], vector["expected"]
    found = splits.combinatorial_purged(
        given["n"], given["n_folds"], given["n_test_folds"], purge=given["purged_size"], embargo=given["embargo_size"]
    )
    assert (len(found.splits), len(found.paths)) == (expected["n_splits"], expected["n_paths"])
    for split, told in zip(found.splits, expected["splits"], strict=True):
        assert [[first, last - 1] for first, last in split.train] == told["train_ranges"]
        assert [[first, last - 1] for first, last in split.test] == told["test_folds"]
        assert sum(last - first for first, last in split.train) == told["train_size"]
    for number, ids in enumerate(expected["path_ids"]):
        for fold, path in zip(found.splits[number].folds, ids, strict=True):
            assert found.paths[path][fold] == number


def test_walk_forward_windows(shared):
    vector = load_vector(shared, "walk_forward_windows")
    given = vector["inputs"]
    found = splits.walk_forward(given["n"], given["train"], given["test"], step=given["step"], embargo=given["embargo"])
    assert [[*window.train, *window.test] for window in found] == vector["expected"]["windows"]


def test_resampled_and_shuffled_trades(shared):
    vector = load_vector(shared, "mc_trades")
    returns, expected, near = vector["inputs"]["trades"], vector["expected"], vector["tolerance"]
    drawn = trade_paths.resampled_trades(returns, seed=SEED, paths=50_000)
    shuffled = trade_paths.shuffled_trades(returns, seed=SEED, paths=50_000)
    logs = np.log(drawn.final)
    assert logs.mean() == pytest.approx(expected["exact_mean_log_growth"], abs=0.004)
    assert logs.std() == pytest.approx(expected["exact_std_log_growth_bootstrap"], rel=0.02)
    for level, value in expected["bootstrap_final_percentiles"].items():
        assert np.percentile(drawn.final, float(level)) == pytest.approx(value, rel=near["rel_percentiles"])
    for paths, name in ((drawn, "bootstrap_mdd_percentiles"), (shuffled, "shuffle_mdd_percentiles")):
        for level, value in expected[name].items():
            assert np.percentile(paths.drawdown, float(level)) == pytest.approx(value, abs=near["abs_mdd"])
    assert np.mean(drawn.final < 1.0) == pytest.approx(expected["prob_loss_bootstrap"], abs=0.004)
    assert shuffled.final == pytest.approx(np.full(50_000, expected["actual_final"]), abs=near["abs_exact"] * 10)
    share = np.mean(shuffled.drawdown <= expected["actual_mdd"])
    assert share == pytest.approx(expected["actual_mdd_percentile_in_shuffle"], abs=0.02)


def test_noise_alone_has_a_probability_of_overfitting_of_about_one_half(shared):
    vector = load_vector(shared, "cscv_null_distribution")
    given, expected = vector["inputs"], vector["expected"]
    noise = np.random.default_rng(SEED).normal(size=(given["replications"], given["T"], given["N"]))
    raw = [overfitting.cross_validate(one, given["S"]).probability_of_overfitting for one in noise]
    centred = noise - noise.mean(axis=1, keepdims=True)
    recentred = [overfitting.cross_validate(one, given["S"]).probability_of_overfitting for one in centred]
    assert np.mean(raw) == pytest.approx(expected["raw"]["mean"], abs=vector["tolerance"]["abs_mean"])
    assert np.std(raw) == pytest.approx(expected["raw"]["std"], abs=vector["tolerance"]["abs_mean"])
    assert np.mean(recentred) == pytest.approx(expected["recentred"]["mean"], abs=vector["tolerance"]["abs_mean"])
