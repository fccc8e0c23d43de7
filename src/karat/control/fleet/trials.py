"""Every bot of a fleet backtest is a trial of its strategy: counted before anybody sees what came of it. The two legs
of a pair are one trial, of what both made together."""

from __future__ import annotations

from typing import Any

import numpy as np

from karat.control.fleet.bot_result import BotResult
from karat.control.fleet.pair_result import PairResult
from karat.control.fleet.result import FleetResult
from karat.control.fleet.run import FleetRun
from karat.core.time import DAY_MS, timeframe_text
from karat.kernel.loop import closing_day
from karat.kernel.state import state_from_bytes
from karat.kernel.sweep import sharpe_of
from karat.ports.journal import BotRecord
from karat.research.data_gate import bars_hash
from karat.research.ledger.trials import TrialLedger, Tried
from karat.research.manifest import instrument_json, policy_json
from karat.stats import daily_marks, daily_returns
from karat.stats.belief.sketch import project, sketch_of
from karat.strategies import find_strategy


def count_trials(run: FleetRun, result: FleetResult, now_ms: int) -> None:
    """Count one trial for each bot and each pair. Raises NeedsOperator `ledger_damaged`."""
    ledger = TrialLedger()
    legs = {leg.record.name for pair in result.pairs for leg in pair.legs}
    for bot in result.bots:
        if bot.record.name not in legs:
            ledger.record_trials(find_strategy(bot.record.strategy), _tried(run, bot), now_ms)
    for pair in result.pairs:
        ledger.record_trials(find_strategy(pair.strategy), _tried_pair(run, result, pair), now_ms)


def _tried_pair(run: FleetRun, result: FleetResult, pair: PairResult) -> Tried:
    clock, capital = result.close_ts, pair.capital
    _, days = daily_marks(clock, pair.equity, capital)
    _, returns = daily_returns(clock, pair.equity, capital)
    records, first = [leg.record for leg in pair.legs], int(clock[0]) - pair.legs[0].record.timeframe_ms
    return Tried(
        tool="fleet",
        market=" and ".join(record.market for record in records),
        timeframe=timeframe_text(records[0].timeframe_ms),
        first_ms=first,
        end_ms=int(clock[-1]),
        days=len(days) - 1,
        what={"legs": [_what(run, record) for record in records]},
        count=1,
        sharpes=np.array([sharpe_of(len(returns), float(returns.sum()), float((returns**2).sum()), 1.0)]),
        sketch=sketch_of(project(days[None, :], (int(clock[0]) - 1) // DAY_MS)),
    )


def _what(run: FleetRun, record: BotRecord) -> dict[str, Any]:
    data = run.ground.data[record.name]
    return {
        "parameters": dict(record.parameters),
        "policy": policy_json(record.policy),
        "instrument": instrument_json(record.instrument),
        "bars_hash": bars_hash(data.candles, data.market.funding),
        "limits": None if run.ground.plan.limits is None else run.ground.plan.limits.hash,
    }


def _tried(run: FleetRun, bot: BotResult) -> Tried:
    record = bot.record
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
        what=_what(run, record),
        count=1,
        sharpes=np.array([sharpe_of(*closing_day(state.marks), 1.0)]),
        sketch=sketch_of(project(days[None, :], (int(marks.ts[0]) + record.timeframe_ms - 1) // DAY_MS)),
    )
