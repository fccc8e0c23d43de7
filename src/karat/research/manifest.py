"""The manifest of a run: everything that decided its numbers, so that the same manifest means the same result.

It is JSON-ready: times in UTC ms, what does not exist as `{"undefined": why}`. It holds no time of its own making.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, fields
from enum import IntEnum
from typing import Any

import numpy as np

from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import Policy
from karat.core.time import timeframe_text
from karat.lake.quality import find_holes
from karat.research.adjusted_prices import adjustment_json
from karat.research.backtest import Backtest, MarketData
from karat.research.data_gate import bars_hash, quality_json
from karat.research.manifest_origin import origin
from karat.strategies import code_hash

_FROM_INSTRUMENT = ("maker_fee", "taker_fee")


def manifest(result: Backtest, checked_on: tuple[str, ...] = ()) -> dict[str, Any]:
    """The manifest of `result` (json.md). `checked_on` names the markets on which the strategy passed its check."""
    data, candles = result.data, result.data.candles
    return {
        **origin(),
        "strategy": result.strategy.name,
        "code_hash": code_hash(result.strategy),
        "checked_on": list(checked_on),
        "parameters": result.values.as_dict(),
        "warmup_bars": result.strategy.warmup_bars(result.values),
        "policy": policy_json(result.policy),
        "instrument": instrument_json(data.instrument),
        "market": candles.market,
        "timeframe": timeframe_text(candles.timeframe_ms),
        "first_bar": int(candles.ts[0]),
        "last_bar": int(candles.ts[-1]),
        "bars": len(candles),
        "data_hash": data.entry.hash,
        "bars_hash": bars_hash(candles, data.market.funding),
        "quality": data_quality(data),
        **adjustment_json(data.adjustment, int(candles.ts[0])),
        "funding": _funding(data),
        **_inputs(data),
        "vault": {"start": data.entry.vault_start_ts, "looked": data.looks_into_vault},
        "cost_level": result.main,
        "seed": {"undefined": "nothing is drawn at random"},
    }


def policy_json(policy: Policy) -> dict[str, Any]:
    """Every field; modes by name, a limit that is off undefined."""
    return {spec.name: _policy_value(spec.name, getattr(policy, spec.name)) for spec in fields(policy)}


def _policy_value(name: str, value: Any) -> Any:
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, float) and math.isnan(value):
        return {"undefined": "the instrument's" if name in _FROM_INSTRUMENT else "off"}
    return value


def instrument_json(instrument: Instrument) -> dict[str, Any]:
    """Every field; the kind by name."""
    return {**asdict(instrument), "kind": instrument.kind.name.lower()}


def data_quality(data: MarketData) -> dict[str, Any]:
    """What the lake recorded, the score and coverage of the run's bars, and the holes within the run."""
    holes = [] if data.entry.sessions else find_holes(data.candles.ts, data.candles.timeframe_ms)
    within = {"run_holes": len(holes), "run_missing_bars": sum(hole.bars for hole in holes)}
    told = quality_json(data.candles, data.entry.quality, data.gate, sessions=data.entry.sessions)
    return {**told, **within}


def _inputs(data: MarketData) -> dict[str, Any]:
    """The series that the strategy declared, with SHA-256 over what was known of each by the last close; no field where
    it declared none."""
    told: list[dict[str, Any]] = []
    for one in data.market.raw_series:
        digest = hashlib.sha256()
        for column in (one.ts, one.available_at, one.value):
            digest.update(np.ascontiguousarray(column).data)
        told.append({"name": one.name, "observations": len(one.ts), "hash": digest.hexdigest()})
    return {"inputs": told} if told else {}


def _funding(data: MarketData) -> dict[str, Any]:
    """The stamps at which a position of this run can pay, and how many have a mark price."""
    if data.instrument.kind not in (Kind.LINEAR, Kind.INVERSE):
        return {"undefined": f"a {data.instrument.kind.name.lower()} market pays none"}
    funding, ts = data.market.funding, data.candles.ts
    inside = (funding.ts > ts[0]) & (funding.ts <= ts[-1])
    if not inside.any():
        return {"undefined": "none in the lake, not charged"}
    stamps = funding.ts[inside]
    marked = int(np.count_nonzero(~np.isnan(funding.mark[inside])))
    return {"stamps": len(stamps), "first": int(stamps[0]), "last": int(stamps[-1]), "with_mark": marked}


def policy_of(manifest: dict[str, Any]) -> Policy:
    """The policy that a manifest describes: the inverse of `policy_json`."""
    values: dict[str, Any] = {}
    for spec in fields(Policy):
        stored = manifest["policy"][spec.name]
        if isinstance(stored, dict):
            stored = math.nan
        elif isinstance(stored, list):
            stored = tuple(stored)
        elif isinstance(spec.default, IntEnum):
            stored = type(spec.default)[stored.upper()]
        values[spec.name] = stored
    return Policy(**values)


def instrument_of(manifest: dict[str, Any]) -> Instrument:
    """The instrument that a manifest describes: the inverse of `instrument_json`."""
    stored: dict[str, Any] = dict(manifest["instrument"])
    stored["kind"] = Kind[stored["kind"].upper()]
    return Instrument(**stored)
