"""The worked examples of docs/simulation.md: their sums hold, and both simulators trade as they say."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from tests.docs.examples import Example, read_examples, wrong_sums
from tests.golden.case import differences
from tests.golden.rules import RULES

from karat.core.model.policy import COSTS
from karat.core.model.reasons import Refusal

PAGE = Path(__file__).resolve().parents[2] / "docs" / "simulation.md"
EXAMPLES = read_examples(PAGE)
TITLES = [example.title for example in EXAMPLES]


@pytest.mark.parametrize("example", EXAMPLES, ids=TITLES)
def test_the_sums_of_an_example_hold(example: Example) -> None:
    assert example.sums
    assert wrong_sums(example.sums) == []


@pytest.mark.parametrize("simulator", ["decimal_simulator", "compiled"])
@pytest.mark.parametrize("example", EXAMPLES, ids=TITLES)
def test_an_example_trades_as_it_says(example: Example, simulator: str) -> None:
    run = import_module(f"tests.simulation.{simulator}").simulate(example.case.world)
    found = differences(example.case, run)
    assert not found, "\n".join([example.title, *example.sums, *found])


def test_every_price_of_a_level_is_reached_by_a_sum_of_its_example() -> None:
    """A reader can find each fill price of a stop, take or limit among the sums or the bars."""
    for example in EXAMPLES:
        told = " ".join(example.sums)
        for fill in example.case.fills:
            bar = example.case.world.bars[fill.bar]
            plain = f"{float(fill.price):.10f}".rstrip("0").rstrip(".")
            assert float(fill.price) == bar.open or plain in told.replace(",", ""), f"{example.title}: {fill.price}"


def test_examples_have_titles_of_their_own() -> None:
    assert len(EXAMPLES) >= 20
    assert len(set(TITLES)) == len(TITLES)


def test_the_page_explains_every_rule_by_its_number() -> None:
    """`karat explain` names rules by number; each can be looked up."""
    text = PAGE.read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ") and line.count("|") == 4]
    listed = {row for row in rows if row.split()[-1].isdigit()}
    assert listed == {rule for rule in RULES if rule.split()[-1].isdigit()}


def test_the_table_of_costs_is_that_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for level, costs in COSTS.items():
        words = f"{costs.half_spread * 1e4:g} bp | {costs.slippage_base * 1e4:g} bp | {costs.slippage_atr:g}"
        bars = f"{costs.latency} bar" + "s" * (costs.latency > 1)
        assert f"| {level} | {words} | {costs.slippage_volume * 1e4:g} bp | {bars} |" in text


def test_every_refusal_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [no.name for no in Refusal if no and f"| `{no.name.lower()}` |" not in text] == []


def test_a_wrong_sum_is_found() -> None:
    assert wrong_sums(("right: 10 * (1 - 0.5) = 5", "wrong: 2 + 2 = 5")) == ["wrong: 2 + 2 = 5"]
