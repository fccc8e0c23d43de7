"""Every bot of a fleet backtest is a trial of its strategy: counted before anybody sees what came of it."""

from __future__ import annotations

import numpy as np

from karat.control.fleet.result import BotResult, FleetResult
from karat.control.fleet.run import FleetRun
from karat.core.time import DAY_MS, timeframe_text
from karat.kernel.loop import closing_day
from karat.kernel.state import state_from_bytes
from karat.kernel.sweep import sharpe_of
from karat.research.data_gate import bars_hash
from karat.research.ledger.trials import TrialLedger, Tried
from karat.research.manifest import instrument_json, policy_json
from karat.stats import daily_marks
from karat.stats.belief.sketch import project, sketch_of
from karat.strategies import find_strategy


def count_trials(run: FleetRun, result: FleetResult, now_ms: int) -> None:
    """Count one trial for each bot. Raises NeedsOperator `ledger_damaged`."""
    ledger = TrialLedger()
    for bot in result.bots:
        ledger.record_trials(find_strategy(bot.record.strategy), _tried(run, bot), now_ms)


def _tried(run: FleetRun, bot: BotResult) -> Tried:
    record, data = bot.record, run.ground.data[bot.record.name]
    marks = run.journal.marks(record.id)
    _, days = daily_marks(marks.ts + record.timeframe_ms, marks.equity, record.policy.capital)
    state = state_from_bytes(run.journal.status(record.id).kernel)
    return Tried(
        tool="fleet",
        market=record.market,
        timeframe=timeframe_text(record.timeframe_ms),
        first_ms=int(marks.ts[0]),
        end_ms=int(marks.ts[-1]) + record.timeframe_ms,
        days=len(days) - 1,
        what={
            "parameters": dict(record.parameters),
            "policy": policy_json(record.policy),
            "instrument": instrument_json(record.instrument),
            "bars_hash": bars_hash(data.candles, data.market.funding),
            "limits": None if run.ground.plan.limits is None else run.ground.plan.limits.hash,
        },
        count=1,
        sharpes=np.array([sharpe_of(*closing_day(state.marks), 1.0)]),
        sketch=sketch_of(project(days[None, :], (int(marks.ts[0]) + record.timeframe_ms - 1) // DAY_MS)),
    )
