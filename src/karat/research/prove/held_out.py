"""Does it hold on days that did not choose it? Cross-validation of all that was swept, and a walk forward."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from karat.core.time import DAY_MS
from karat.research.prove.examination import Candidate, Findings
from karat.research.prove.record import curve
from karat.research.validation.cross_validation import CrossSettings, CrossValidation, cross_validation
from karat.research.validation.daily import DailyRuns, daily_runs
from karat.research.validation.holding import holding_returns
from karat.research.validation.walk_forward import Lengths, WalkForward, walk_forward
from karat.stats.figure import Figure, Undefined, to_json

_BYTES = 16 * 2**20


def cross_of(candidate: Candidate) -> Findings:
    """Combinatorial purged paths, symmetric halves, and superior ability against buy and hold, over all variants of all
    searches on this market, the one that was chosen among them."""
    searcher, data = candidate.searcher, candidate.variant.data
    parts = [
        daily_runs(
            data, searcher.strategy, one.pool.grid, searcher.policy, variants=one.pool.variants, bytes_max=_BYTES
        )
        for one in candidate.sweeps
    ]
    settings = cross_settings(candidate)
    found = cross_validation(together(parts), holding_returns(data, searcher.policy), settings)
    paths, halves, superior = found.paths, found.halves, found.superior
    figures: dict[str, Figure] = {
        "superior_p_value": superior if isinstance(superior, Undefined) else superior.p_consistent,
        "out_of_sample_loss": halves if isinstance(halves, Undefined) else halves.probability_of_loss,
        "combinatorial_sharpe_low": paths if isinstance(paths, Undefined) else paths.low,
        "combinatorial_median_kept": paths if isinstance(paths, Undefined) else paths.kept,
    }
    return Findings(figures, _told(found), _pictures(found))


def together(parts: list[DailyRuns]) -> DailyRuns:
    """All variants of several grids as one matrix; they are numbered anew, because numbers are of one grid."""
    count = sum(len(one.variants) for one in parts)
    return replace(
        parts[0],
        variants=np.arange(count),
        figures=np.concatenate([one.figures for one in parts]),
        daily=np.concatenate([one.daily for one in parts]),
        chosen_from=sum(one.chosen_from for one in parts),
    )


def cross_settings(candidate: Candidate) -> CrossSettings:
    """By the thresholds in force."""
    settings = candidate.searcher.settings
    number = settings.thresholds.setting
    return CrossSettings(
        folds=int(number("combinatorial_folds")),
        test_folds=int(number("combinatorial_test_folds")),
        embargo_share=number("embargo_share"),
        blocks=int(number("overfitting_blocks")),
        resamples=settings.effort.superior_resamples,
        seed=settings.seed,
    )


def _told(found: CrossValidation) -> dict[str, object]:
    paths, halves, superior = found.paths, found.halves, found.superior
    return {
        "variants": found.variants, "of": found.chosen_from, "days": found.days,
        "mean_block_days": to_json(found.mean_block_days), "holding_daily_return": found.holding_return,
        "overfitting_probability": to_json(
            halves if isinstance(halves, Undefined) else halves.probability_of_overfitting
        ),
        "superior_p_upper": to_json(superior) if isinstance(superior, Undefined) else superior.p_upper,
        "superior_variants": 0 if isinstance(superior, Undefined) else len(superior.superior),
        "best_sharpe_in_sample": to_json(paths if isinstance(paths, Undefined) else paths.in_sample),
    }  # fmt: skip


def _pictures(found: CrossValidation) -> dict[str, object]:
    paths, halves = found.paths, found.halves
    told: dict[str, object] = {}
    if not isinstance(paths, Undefined):
        told["path_sharpes"] = [round(float(one), 4) for one in paths.sharpes if np.isfinite(one)]
    if not isinstance(halves, Undefined):
        counts, edges = np.histogram(halves.test_sharpe[np.isfinite(halves.test_sharpe)], 40)
        told["test_sharpes"] = {"counts": counts.tolist(), "edges": [round(float(one), 6) for one in edges]}
    return told


def walk_of(candidate: Candidate) -> Findings:
    """A walk forward over the sweep of the whole region. All its variants are counted."""
    searcher, data, swept = candidate.searcher, candidate.variant.data, candidate.sweeps[0]
    settings, pool = searcher.settings, swept.pool
    lengths = lengths_of(len(data.candles), candidate)
    walk = walk_forward(
        data, searcher.strategy, pool.grid, searcher.policy, lengths,
        by=settings.objective.name, objective=settings.objective, variants=pool.variants, sampled=swept.is_sample,
    )  # fmt: skip
    for tried in walk.tried:
        searcher.book.tried(searcher.strategy, tried)
    figures: dict[str, Figure] = {
        "trades_out_of_sample": float(sum(step.trades for step in walk.steps)),
        "walk_forward_efficiency": walk.efficiency,
        "walk_forward_positive": walk.share_positive,
        "walk_forward_t_ratio": walk.out_of_sample.t_ratio,
    }
    out = walk.out_of_sample
    return Findings(figures, _walk_told(walk), {"equity": curve(out.days * DAY_MS, out.curve)})


def lengths_of(bars: int, candidate: Candidate) -> Lengths:
    """Training takes its share of the record, the tests what remains in equal parts, less purge and embargo."""
    settings = candidate.searcher.settings
    effort, day_bars = settings.effort, max(1, DAY_MS // candidate.variant.data.candles.timeframe_ms)
    train = int(bars * effort.walk_train_share)
    embargo = int(settings.thresholds.setting("embargo_share") * train)
    test = max(1, (bars - train - embargo - day_bars) // effort.walk_windows)
    return Lengths(train=train, test=test, purge=day_bars, embargo=embargo, anchored=settings.anchored)


def _walk_told(walk: WalkForward) -> dict[str, object]:
    return {
        "windows": [
            {
                "train": list(step.window.train), "test": list(step.window.test), "trades": step.trades,
                "settings": {name: str(value) for name, value in step.settings.items()},
                "objective": to_json(
                    step.plateau if isinstance(step.plateau, Undefined) else step.plateau.objective
                ),
                "tested_return": step.tested_return,
            }
            for step in walk.steps
        ],
        "out_of_sample_sharpe": to_json(walk.out_of_sample.sharpe),
        "out_of_sample_days": len(walk.out_of_sample.days),
    }  # fmt: skip
