"""What a backtest and a sweep tell the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from karat.core.model.policy import Policy
from karat.core.time import timeframe_text
from karat.kernel.loop import closing_day
from karat.kernel.sweep import sharpe_of
from karat.research.backtest import Backtest, MarketData
from karat.research.data_gate import bars_hash
from karat.research.json_form import setting_json
from karat.research.ledger.trials import Tried
from karat.research.levels import session_keys
from karat.research.manifest import policy_json
from karat.research.sweeps.sweep import Sweep
from karat.stats.belief.sketch import project, sketch_of
from karat.stats.returns import daily_marks

_OF_A_BACKTEST = ("parameters", "policy", "instrument", "bars_hash", "inputs")


def tried_by_backtest(result: Backtest, manifest: Mapping[str, Any]) -> Tried:
    """One trial. The three levels of costs are one variant seen three times, and choosing among them is no search."""
    run = result.main_run
    keys = session_keys(result.data.candles, result.data.instrument)
    _, marks = daily_marks(run.close_ts, run.equity, run.policy.capital, sessions=keys is not None, session_keys=keys)
    first_day = int(run.inputs.bars.mark_day[0])
    return Tried(
        tool="backtest",
        **_place(result.data),
        days=len(marks) - 1,
        what={name: manifest[name] for name in _OF_A_BACKTEST if name in manifest},
        count=1,
        sharpes=np.array([sharpe_of(*closing_day(run.record.state.marks), 1.0)]),
        sketch=sketch_of(project(marks[None, :], first_day)),
    )


def tried_by_sweep(result: Sweep, data: MarketData, policy: Policy) -> Tried:
    """Every variant that was simulated. `policy` is what all of them start from; the sweep was `sketched`."""
    assert result.sketch is not None, "a sweep whose results are shown is sketched for the ledger"
    axes = {"parameters": result.grid.parameters, "policy": result.grid.policy}
    return Tried(
        tool="sweep",
        **_place(data),
        days=result.days,
        what={
            "grid": {half: {name: [setting_json(one) for one in values] for name, values in own.items()}
                     for half, own in axes.items()},
            "variants": hashlib.sha256(result.variants.tobytes()).hexdigest(),
            "policy": policy_json(policy),
            "bars_hash": bars_hash(data.candles, data.market.funding),
        },
        count=result.trials,
        sharpes=result.daily_sharpes,
        sketch=result.sketch,
    )  # fmt: skip


def _place(data: MarketData) -> dict[str, Any]:
    candles = data.candles
    return {
        "market": candles.market,
        "timeframe": timeframe_text(candles.timeframe_ms),
        "first_ms": int(candles.ts[0]),
        "end_ms": int(candles.ts[-1]) + candles.timeframe_ms,
    }
