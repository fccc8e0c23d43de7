"""A bot whose orders the paper venue fills ends where its backtest ends: every fill and every equity, to the bit."""

from __future__ import annotations

from tests.simulation.compiled import inputs_of
from tests.simulation.world import World
from tests.simulation.worlds import seeded_world
from tests.unit.paper.stand_in import Row, StandIn

from karat.kernel.engine import Record, run
from karat.kernel.fills import LIQUIDATION
from karat.kernel.state import state_bytes
from karat.venues.paper.orders import OrderPaperVenue

WORLDS = 600


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


def test_random_worlds_of_every_feature_are_the_same_to_the_bit() -> None:
    for seed in range(WORLDS):
        told = difference(seeded_world(seed))
        assert told is None, f"seeded_world({seed}): {told}"
