"""The arithmetic of a trade, computed from the rules alone, against the kernel's record."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from tests.simulation.worlds import seeded_world
from tests.unit.research.explained_worlds import case_of

from karat.core.errors import InputError
from karat.core.model.instrument import Kind
from karat.core.model.reasons import Reason
from karat.research.explain import Explanation, explain, explain_case
from karat.research.explain_case import Case

SEEDS = range(220)
SIZE_WITHOUT_STOP = 1956  # a target asked for while the strategy's stop distance is zero: there is no size


@cache
def cases() -> list[Case]:
    worlds = [seeded_world(seed) for seed in (*SEEDS, SIZE_WITHOUT_STOP)]
    return [case_of(world) for world in worlds if not world.detail]


def one_case() -> Case:
    """The first with a closed trade."""
    return next(case for case in cases() if len(case.run.trades["id"]))


def differing(explained: Explanation) -> list[object]:
    return [line for section in explained.sections for line in section.lines if not line.holds]


def test_every_trade_of_random_worlds_is_reproduced_by_hand() -> None:
    reasons: set[int] = set()
    kinds: set[Kind] = set()
    targets = adds = 0
    for case in cases():
        for trade in range(1, len(case.run.trades["id"]) + 1):
            explained = explain_case(case, trade)
            assert explained.reproduced, (trade, differing(explained))
            kinds.add(case.instrument.kind)
            targets += case.signals.target is not None
        reasons |= set(case.run.fills["reason"].tolist())
        adds += case.policy.max_adds > 0
    assert reasons == set(Reason) - {Reason.KILL}
    assert kinds == set(Kind) and targets > 20 and adds > 20


@pytest.mark.parametrize("column", ["price", "fee", "raw_price", "lots", "gain", "trade_funding", "slippage_cost"])
def test_a_record_that_was_tampered_with_is_not_reproduced(column: str) -> None:
    case = one_case()
    fills = {name: values.copy() for name, values in case.run.fills.items()}
    last = int(case.run.trades["last_fill"][0])
    fills[column][last] += 1
    tampered = replace(case, run=replace(case.run, fills=fills))
    assert explain_case(case, 1).reproduced
    assert differing(explain_case(tampered, 1))


@pytest.mark.parametrize("column", ["pnl", "fees", "funding", "bars_held"])
def test_a_trade_that_was_tampered_with_is_not_reproduced(column: str) -> None:
    case = one_case()
    trades = {name: values.copy() for name, values in case.run.trades.items()}
    trades[column][0] += 1
    assert differing(explain_case(replace(case, run=replace(case.run, trades=trades)), 1))


@pytest.mark.parametrize("trade", [0, -1, 10_000])
def test_a_trade_that_is_not_there_is_refused(trade: int) -> None:
    case = cases()[0]
    with pytest.raises(InputError) as refused:
        explain(case.run, None, trade)  # type: ignore[arg-type]
    assert refused.value.code == "unknown_trade"


def test_rules_stand_behind_every_line() -> None:
    case = one_case()
    lines = [line for section in explain_case(case, 1).sections for line in section.lines]
    assert {"3", "11", "12", "19", "28", "30"} <= {line.rule for line in lines}
    assert all(line.text and line.rule.removeprefix("step ").isdigit() for line in lines)
