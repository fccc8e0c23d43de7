"""A bot whose orders the paper venue fills ends where its backtest ends: every fill and every equity, to the bit."""

from __future__ import annotations

import random

import numpy as np
from tests.simulation.compiled import inputs_of
from tests.simulation.world import World
from tests.simulation.worlds import seeded_world
from tests.unit.paper.stand_in import Row, StandIn

from karat.core.model.instrument import Kind
from karat.core.model.reasons import Reason
from karat.kernel.engine import Record, run
from karat.kernel.fills import LIQUIDATION
from karat.kernel.state import state_bytes
from karat.venues.paper.orders import OrderPaperVenue

WORLDS = 300


def rows_of(record: Record) -> list[Row]:
    columns = record.fills
    return [
        Row(
            int(columns["ts"][row]),
            int(columns["bar"][row]),
            int(columns["side"][row]),
            int(columns["lots"][row]),
            int(columns["reason"][row]),
            float(columns["price"][row]),
            float(columns["fee"][row]),
            None if columns["reason"][row] == LIQUIDATION else float(columns["raw_price"][row]),
            int(columns["position_before"][row]),
        )
        for row in range(len(columns["bar"]))
    ]


def difference(world: World, dies_after: list[int] | None = None) -> str | None:
    """The first difference between the backtest of a world and its run through orders; None where there is none."""
    inputs = inputs_of(world)
    whole, desk = run(inputs), StandIn(inputs, OrderPaperVenue(), dies_after or []).run()
    expected = rows_of(whole)
    for index, (one, other) in enumerate(zip(expected, desk.rows, strict=False)):
        if one != other:
            return f"fill {index}: kernel {one}\n venue {other}"
    if len(expected) != len(desk.rows):
        longer = expected if len(expected) > len(desk.rows) else desk.rows
        return f"{len(expected)} fills, {len(desk.rows)} by orders: {longer[min(len(expected), len(desk.rows))]}"
    if desk.rejects:
        return f"refused: {desk.rejects}"
    if whole.refusals.tolist() != desk.room.log.refusals.tolist():
        return "refusals"
    if whole.equity.tobytes() != desk.room.equity.tobytes():
        return "equity"
    return None if state_bytes(whole.state) == state_bytes(desk.state) else f"{whole.state}\n{desk.state}"


def moments_of_death(seed: int) -> list[int]:
    """After how many words each the desk dies: now right after the last time, now some words later."""
    dice, moments, words = random.Random(seed), [], 0
    while words < 60:
        words += dice.choice([1, 1, 2, 3, 5, 8])
        moments.append(words)
    return moments


def test_random_worlds_of_every_feature_are_the_same_to_the_bit() -> None:
    for seed in range(WORLDS):
        told = difference(seeded_world(seed))
        assert told is None, f"seeded_world({seed}): {told}"


def test_a_desk_that_dies_within_its_bars_and_comes_back_ends_at_the_same_bits() -> None:
    for seed in range(WORLDS):
        told = difference(seeded_world(seed), moments_of_death(seed))
        assert told is None, f"seeded_world({seed}): {told}"


def test_the_worlds_reach_all_that_an_order_can_do() -> None:
    reasons: set[int] = set()
    kinds: set[Kind] = set()
    latencies: set[int] = set()
    adds = charged = targets = finer = 0
    for seed in range(WORLDS):
        world = seeded_world(seed)
        inputs = inputs_of(world)
        desk = StandIn(inputs, OrderPaperVenue()).run()
        if not desk.rows:
            continue
        reasons.update(row.reason for row in desk.rows)
        kinds.add(world.instrument.kind)
        latencies.add(world.policy.latency)
        adds += sum(row.reason == Reason.ENTRY and row.position_before != 0 for row in desk.rows)
        charged += sum(one.borrow != 0 for one in desk.charges) > 0
        targets += world.target is not None
        finer += world.detail is not None
    assert reasons == set(Reason) - {Reason.KILL}
    assert kinds == set(Kind) and latencies == {1, 2, 3}
    assert min(adds, charged, targets, finer) > 10


def test_a_stop_in_parts_costs_what_one_stop_costs() -> None:
    """The same price for every part, the same lots together; only the sums of money may differ in their last digits."""
    parted = 0
    for seed in range(WORLDS):
        inputs = inputs_of(seeded_world(seed))
        whole, desk = run(inputs), StandIn(inputs, OrderPaperVenue(), splits=True).run()
        by_price: dict[tuple[int, int, float], int] = {}
        for row in rows_of(whole):
            key = row.bar, row.reason, row.price
            by_price[key] = by_price.get(key, 0) + row.lots
        for row in desk.rows:
            by_price[row.bar, row.reason, row.price] -= row.lots
        assert set(by_price.values()) <= {0}, f"seeded_world({seed})"
        assert np.allclose(whole.equity, desk.room.equity, rtol=1e-12, atol=1e-12 * inputs.rules.capital)
        parted += len(desk.rows) > len(whole.fills["ts"])
    assert parted > WORLDS // 4
