"""A random world, run and laid out as a stored run would be, so that its trades can be explained."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
from tests.simulation.compiled import _candles, _signals, inputs_of
from tests.simulation.world import World

from karat.core.ids import RunId
from karat.core.model.signals import Signals
from karat.kernel.engine import run
from karat.research.explain_case import Case
from karat.research.run_store import StoredRun
from karat.research.trades import trades_of


def case_of(world: World) -> Case:
    inputs = inputs_of(world)
    record, signals = run(inputs), _signals(world)
    trades = trades_of(record, inputs, signals, world.instrument)
    given = {spec.name: getattr(signals, spec.name) for spec in fields(Signals)}
    bars = {"equity": record.equity, "position": record.position, "refusals": record.refusals, **given}
    stored = StoredRun(
        id=RunId("world"),
        folder=Path(),
        manifest={},
        result={},
        fills=record.fills,
        trades={spec.name: getattr(trades, spec.name) for spec in fields(trades)},
        bars={name: column for name, column in bars.items() if column is not None},
    )
    stamps = np.array([event[0] for event in world.funding], np.int64)
    rates, marks = (np.array([event[k] for event in world.funding], float) for k in (1, 2))
    return Case(
        run=stored,
        candles=_candles(world.bars, world.timeframe_ms),
        signals=signals,
        policy=world.policy,
        instrument=world.instrument,
        rules=inputs.rules,
        bars=inputs.bars,
        funding_stamps=(stamps, rates, marks),
    )
