"""A calibration with a real, simple prover: killed it goes on, and its table says what the verdicts add up to."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.unit.calibration.real_worlds import rough_sources
from tests.unit.calibration.simple_prover import SimpleProver

from karat.core.errors import InputError, NeedsOperator
from karat.research.calibration.calibrating import Asked, Calibration, calibrate
from karat.research.calibration.edges import Nature
from karat.research.calibration.markets import Truth
from karat.research.calibration.naive import Naive
from karat.research.calibration.outcomes import CalibrationFolder, MarketOutcome, PanelOutcome
from karat.research.calibration.table import markdown
from karat.research.calibration.tally import tally
from karat.research.gates.verdict import Grade

ASKED = Asked(
    seed=4, markets=4, planted_markets=2, panel_size=2, natures=(Nature.TREND,), powers=(3.0,), bars=8_760, sizing=2,
    measuring=2,
)  # fmt: skip


@cache
def sources() -> Any:
    return rough_sources(2)


def run(home: Path, prover: SimpleProver, asked: Asked = ASKED, **options: Any) -> Calibration:
    return calibrate(sources(), prover, asked, time.perf_counter, home=home, **options)


def said(calibration: Calibration) -> list[Any]:
    """Everything but the seconds."""
    return [replace(one, seconds=0.0, making_seconds=0.0) for one in calibration.panels]


def test_a_killed_calibration_goes_on_with_the_panels_it_has_not_judged(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", SimpleProver())
    log = tmp_path / "log"
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", SimpleProver(log=log, panels_max=2))
    told: list[tuple[int, int]] = []
    resumed = run(tmp_path / "killed", SimpleProver(log=log), progress=lambda more, of: told.append((more, of)))
    assert log.read_text().split() == ["simulated-0", "shuffled-0", "planted-trend-3-0"], "each judged once"
    assert told == [(2, 3), (1, 3)]
    assert said(resumed) == said(whole) and resumed.id == whole.id
    again = run(tmp_path / "killed", SimpleProver(log=log, panels_max=0))
    assert again.panels == resumed.panels, "and a finished one judges nothing"


def test_two_workers_say_what_one_says(tmp_path: Path) -> None:
    asked = replace(ASKED, markets=2, powers=(), panel_size=1)
    alone = run(tmp_path / "one", SimpleProver(), asked)
    assert said(run(tmp_path / "two", SimpleProver(), asked, workers=2)) == said(alone)


def test_another_prover_seed_or_count_is_another_calibration(tmp_path: Path) -> None:
    asked = replace(ASKED, markets=1, powers=(), panel_size=1)
    one = run(tmp_path, SimpleProver(), asked)
    assert run(tmp_path, SimpleProver(level=0.9), asked).id != one.id
    assert run(tmp_path, SimpleProver(), replace(asked, seed=5)).id != one.id
    assert run(tmp_path, SimpleProver(), asked).id == one.id


def outcome(name: str) -> PanelOutcome:
    return PanelOutcome(
        name, "simulated", None, 0.0, 1.5, 0.25, (MarketOutcome("buried", "sweep: trades", {"free": ["x"]}),)
    )


def test_a_line_that_was_cut_off_is_dropped_and_one_that_is_damaged_stops(tmp_path: Path) -> None:
    folder = CalibrationFolder.of({"asked": 1}, tmp_path)
    folder.add(outcome("a"))
    file = folder.folder / "outcomes.jsonl"
    file.write_bytes(file.read_bytes() + b'{"panel": "b", "tru')
    assert folder.outcomes() == {"a": outcome("a")}
    folder.add(outcome("c"))
    assert folder.outcomes() == {"a": outcome("a"), "c": outcome("c")}
    file.write_bytes(b"{}\n" + file.read_bytes())
    with pytest.raises(NeedsOperator) as damaged:
        folder.outcomes()
    assert damaged.value.code == "calibration_damaged" and "line 1" in damaged.value.message


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"markets": 0}, "bad_count"), ({"seed": -1}, "bad_count"), ({"powers": (0.0,)}, "bad_powers"),
     ({"powers": (1.0, 1.0)}, "bad_powers"), ({"natures": ()}, "bad_natures")],
)  # fmt: skip
def test_what_cannot_be_calibrated_is_refused(changes: Mapping[str, Any], code: str) -> None:
    with pytest.raises(InputError) as refused:
        Asked(**changes)
    assert refused.value.code == code


def test_600_markets_in_panels_of_four_are_150_panels_beside_20_for_each_nature_and_power() -> None:
    panels = Asked().panels
    assert len({one.name for one in panels}) == len(panels) == 150 + 2 * 3 * 20
    assert [sum(one.nature is nature for one in panels) for nature in Nature] == [60, 60]
    assert {one.truth for one in panels[:5]} == set(Truth)


def made_up() -> Calibration:
    """Of 600 markets one is gold, of ten with a trend none is, and of ten with a reversion eight are."""
    rules = {"without_costs": [Naive.PROBABILISTIC.value], "pessimistic_costs": []}
    buried = MarketOutcome(Grade.BURIED.value, "sweep: deflated_sharpe", rules)
    gold = MarketOutcome(Grade.GOLD.value, None, rules)
    panels = [PanelOutcome(f"simulated-{k}", "simulated", None, 0.0, 8.0, 0.1, (buried,) * 4) for k in range(75)]
    panels += [PanelOutcome(f"shuffled-{k}", "shuffled", None, 0.0, 8.0, 0.1, (buried,) * 4) for k in range(74)]
    panels += [PanelOutcome("shuffled-74", "shuffled", None, 0.0, 8.0, 0.1, (buried, gold, buried, buried))]
    watch = MarketOutcome(Grade.WATCH.value, "refinement: plateau", None)
    found = MarketOutcome(Grade.GOLD.value, None, None)
    unsure = MarketOutcome(Grade.NO_EVIDENCE.value, "gates: trades", None)
    edges = {"trend": (watch,) * 4 + (unsure,) * 6, "reversion": (found,) * 8 + (watch, buried)}
    panels += [PanelOutcome(f"planted-{one}-3-0", "planted", one, 3.0, 20.0, 0.1, of) for one, of in edges.items()]
    worth = {"sharpe": 3.01, "error": 0.02, "plain": 3.0, "years": 900.0}
    planted = {f"{one}-3": {"strengths": [0.1, 0.1], "worth": worth} for one in edges}
    return Calibration("abc", Asked(powers=(3.0,)), sources(), {"name": "made up"}, planted, tuple(panels))


def test_the_table_says_what_the_verdicts_add_up_to() -> None:
    told = json.loads(json.dumps(tally(made_up()), allow_nan=False))
    together = told["edgeless"][2]
    assert (together["markets"], together["gold"], together["buried"]) == (600, 1, 599)
    assert together["false_gold"]["upper"] == pytest.approx(0.00788, abs=1e-5)
    assert together["panels_with_gold"]["share"] == 1 / 150
    assert together["decided_by"] == {"sweep: deflated_sharpe": 599}
    shares = [[one[name]["share"] for name in ("detected", "seen", "seen_of_judged")] for one in told["powers"]]
    assert shares == [[0.0, 0.4, 1.0], [0.8, 0.9, 0.9]]
    assert told["powers"][0]["decided_by"] == {"gates: trades": 6, "refinement: plateau": 4}
    passed = {gate["gate"]: gate["passed"] for gate in told["gates"]}
    failed = [name for name, holds in passed.items() if not holds]
    assert failed == ["trend_seen_at_three", "trend_gold_at_three"] and len(passed) == 7
    assert told["seconds_a_market"] == pytest.approx((150 * 8.0 + 40.0) / 620)
    naive = {(one["name"], one["costs"]): one["rules"] for one in told["naive"]}
    assert naive["together", "without_costs"]["probabilistic_sharpe"]["share"] == 1.0
    assert naive["together", "pessimistic_costs"]["probabilistic_sharpe"]["share"] == 0.0
    page = markdown(told, "karat calibrate")
    assert "| together | 600 | 1 | 0 | 599 | 0 | 0.17% | 0.79% |" in page
    gold = "80.00% (44.39% to 97.48%)"
    row = f"| reversion | bollinger_mean_reversion | 3 | 3.01 ± 0.02 (900 years) | 10 | 8 | 1 | 1 | 0 | {gold} |"
    assert row in page and "| trend | ema_crossover | 3 |" in page
    assert page.count("**fails**") == 2
