"""Everything that decides a proof, JSON-ready, and the way back from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from karat.core.ids import market_id
from karat.core.time import timeframe_ms, timeframe_text
from karat.research.backtest import MarketData
from karat.research.gates.thresholds import thresholds_of
from karat.research.json_form import setting_json
from karat.research.manifest import bars_hash, data_quality, instrument_json, policy_of
from karat.research.prove.ground import Ground
from karat.research.prove.proving import Request
from karat.research.prove.settings import Effort, ProofSettings
from karat.research.robustness.report import Trials
from karat.strategies import Strategy, code_hash


def spec_of(
    strategies: Sequence[Strategy], request: Request, ground: Ground, settings: ProofSettings
) -> dict[str, Any]:
    """Code, bars before the vaults, and numbers. Raises what reading the markets raises, before any work is done."""
    needs = sorted({need for one in strategies for need in one.needs})
    return {
        "strategies": [{"name": one.name, "code_hash": code_hash(one)} for one in strategies],
        "markets": list(request.markets),
        "timeframes": [timeframe_text(one) for one in request.timeframes_ms],
        "data": [
            _data(ground.before_vault(market, length, needs))
            for length in request.timeframes_ms
            for market in request.markets
        ],
        "groups": {name: list(markets) for name, markets in request.groups.items()},
        "policy_axes": {name: [setting_json(one) for one in values] for name, values in request.policy_axes.items()},
        **settings.as_dict(),
        "thresholds": {"hash": settings.thresholds.hash, **settings.thresholds.as_dict()},
    }


def _data(data: MarketData) -> dict[str, Any]:
    candles = data.candles
    return {
        "market": candles.market,
        "timeframe": timeframe_text(candles.timeframe_ms),
        "first_bar": int(candles.ts[0]),
        "last_bar": int(candles.ts[-1]),
        "bars": len(candles),
        "bars_hash": bars_hash(candles, data.market.funding),
        "vault_start": data.entry.vault_start_ts,
        "instrument": instrument_json(data.instrument),
        "quality": data_quality(data),
    }


def settings_of(spec: Mapping[str, Any]) -> ProofSettings:
    """The settings that a spec describes."""
    effort = dict(spec["effort"])
    effort["robustness"] = Trials(**effort["robustness"])
    return ProofSettings(
        policy=policy_of(dict(spec)), effort=Effort(**effort), thresholds=thresholds_of(spec["thresholds"]),
        seed=spec["seed"], anchored=spec["anchored"],
    )  # fmt: skip


def request_of(spec: Mapping[str, Any], policy_axes: Mapping[str, tuple[Any, ...]]) -> Request:
    """The request that a spec describes; what its policy axes hold is parsed by whoever knows how."""
    markets = tuple(market_id(one) for one in spec["markets"])
    groups = {name: tuple(market_id(one) for one in own) for name, own in spec["groups"].items()}
    return Request(markets, tuple(timeframe_ms(one) for one in spec["timeframes"]), policy_axes, groups)
