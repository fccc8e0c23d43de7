"""Every golden case on both simulators, plain Decimal and compiled; and every rule of the page has a case."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from tests.golden.case import Case, cut, differences, same
from tests.golden.rules import CASES, RULES
from tests.simulation.world import Run, World

Simulate = Callable[[World], Run]
CASE_IDS = [f"{case.rule}-{case.title}" for case in CASES]


@pytest.fixture(params=["decimal_simulator", "compiled"])
def simulate(request: pytest.FixtureRequest) -> Simulate:
    return import_module(f"tests.simulation.{request.param}").simulate


@pytest.mark.parametrize("case", CASES, ids=CASE_IDS)
def test_a_rule_gives_the_arithmetic_written_in_its_case(case: Case, simulate: Simulate) -> None:
    found = differences(case, simulate(case.world))
    assert not found, "\n".join([case.arithmetic, *found])


@pytest.mark.parametrize("case", CASES, ids=CASE_IDS)
def test_a_case_cut_short_tells_the_same_up_to_the_cut(case: Case, simulate: Simulate) -> None:
    whole = simulate(case.world)
    for n in range(1, len(case.world.bars)):
        part = simulate(cut(case.world, n))
        assert part.fills == [fill for fill in whole.fills if fill.bar < n], f"fills of the first {n} bars"
        for bar in range(n):
            assert same(part.equity[bar], whole.equity[bar]), f"equity at bar {bar} of the first {n} bars"


def test_every_rule_has_a_case() -> None:
    told = {case.rule for case in CASES}
    assert told == set(RULES), f"without a case: {sorted(set(RULES) - told)}; not a rule: {sorted(told - set(RULES))}"


def test_case_names_are_unique() -> None:
    assert len(set(CASE_IDS)) == len(CASE_IDS)


def test_the_rules_are_those_of_the_page(shared: Path) -> None:
    chapters = re.split(r"^## ", (shared / "design" / "simulation.md").read_text(), flags=re.MULTILINE)
    numbered = re.compile(r"^(\d+)\. ", flags=re.MULTILINE)
    page = {
        f"step {number}" if chapter.startswith("One bar, in order") else number
        for chapter in chapters
        for number in numbered.findall(chapter)
    }
    assert page == {rule for rule in RULES if rule.split()[-1].isdigit()}
