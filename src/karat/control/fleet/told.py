"""A fleet backtest as `karat backtest --fleet FILE --json` prints it."""

from __future__ import annotations

from typing import Any

import numpy as np

from karat.control.fleet.bot_result import BotResult
from karat.control.fleet.pair_result import PairResult
from karat.control.fleet.result import FleetResult
from karat.control.fleet.run import FleetRun
from karat.core.model.candles import Floats
from karat.core.time import timeframe_text
from karat.research.data_gate import bars_hash
from karat.research.manifest import policy_json
from karat.research.manifest_origin import origin
from karat.stats import Undefined, to_json

EQUITY_UNDEFINED = Undefined("the fleet's equity was gone")


def fleet_json(run: FleetRun, result: FleetResult) -> dict[str, Any]:
    """The one object. Times UTC ms, shares of equity as fractions, what does not exist as `{"undefined": why}`."""
    names = [one.record.name for one in result.bots]
    return {
        "manifest": fleet_manifest(run),
        "metrics": {name: to_json(figure) for name, figure in result.metrics.items()},
        "equity": {"ts": result.close_ts.tolist(), "value": result.equity.tolist()},
        "exposure": {
            "gross": [_share(one) for one in result.gross.tolist()],
            "net": [_share(one) for one in result.net.tolist()],
            "gross_most": _most(result.gross),
            "net_most": _most(np.abs(result.net)),
        },
        "correlations": {
            one: {other: to_json(figure) for other, figure in zip(names, row, strict=True)}
            for one, row in zip(names, result.correlations, strict=True)
        },
        "refusals": dict(result.refusals),
        "layers": dict(result.first_noes),
        "bots": [_bot_json(one) for one in result.bots],
        "pairs": [_pair_json(one) for one in result.pairs],
        "halts": [{"ts": one.at_ms, "bot": one.bot, "reason": one.reason} for one in result.halts],
    }


def fleet_manifest(run: FleetRun) -> dict[str, Any]:
    """Everything that decided the numbers."""
    ground, plan = run.ground, run.ground.plan
    return {
        **origin(),
        "simulated": ground.simulated,
        "capital": plan.capital,
        "currency": plan.currency,
        "cost_level": str(plan.costs),
        "limits": {"undefined": "none but the desk's switches"} if plan.limits is None else plan.limits.hash,
        "first": ground.first_ms,
        "end": ground.end_ms,
        "pairs": [{"name": one.name, "legs": [leg.name for leg in one.legs], "share": one.share} for one in plan.pairs],
        "bots": [
            {
                "name": record.name,
                "strategy": record.strategy,
                "code_hash": record.code_hash,
                "parameters": dict(record.parameters),
                "policy": policy_json(record.policy),
                "market": record.market,
                "timeframe": timeframe_text(record.timeframe_ms),
                "share": planned.share,
                "bars": len(ground.data[record.name].candles),
                "data_hash": ground.data[record.name].entry.hash,
                "bars_hash": bars_hash(ground.data[record.name].candles, ground.data[record.name].market.funding),
            }
            for record, planned in zip(run.bots, plan.bots, strict=True)
        ],
    }


def _bot_json(one: BotResult) -> dict[str, Any]:
    capital = one.record.policy.capital
    return {
        "name": one.record.name,
        "strategy": one.record.strategy,
        "market": one.record.market,
        "timeframe": timeframe_text(one.record.timeframe_ms),
        "capital": capital,
        "end": float(one.equity[-1]),
        "return": float(one.equity[-1]) / capital - 1.0,
        "trades": len(one.trades),
        "fills": len(one.fills),
        "refusals": dict(one.refusals),
        "layers": dict(one.first_noes),
    }


def _pair_json(pair: PairResult) -> dict[str, Any]:
    return {
        "name": pair.name,
        "strategy": pair.strategy,
        "legs": [leg.record.name for leg in pair.legs],
        "markets": [leg.record.market for leg in pair.legs],
        "capital": pair.capital,
        "end": float(pair.equity[-1]),
        "return": float(pair.equity[-1]) / pair.capital - 1.0,
        "gross_most": _most(pair.gross),
        "net_most": _most(np.abs(pair.net)),
        "refusals": dict(pair.refusals),
        "round_trips": [
            {
                "entry": trip.entry_ts,
                "exit": trip.exit_ts,
                "sides": list(trip.sides),
                "reasons": list(trip.reasons),
                "pnl": trip.result,
                "pnl_legs": list(trip.pnl),
            }
            for trip in pair.trips
        ],
    }


def _share(value: float) -> Any:
    return to_json(EQUITY_UNDEFINED) if value != value else value


def _most(values: Floats) -> Any:
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else to_json(EQUITY_UNDEFINED)
