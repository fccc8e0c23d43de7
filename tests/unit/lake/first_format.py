"""A lake as the first format had it, written by hand."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from karat.core.ids import MarketId, symbol_of, venue_of
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.time import timeframe_text
from karat.lake.quality import measure
from karat.ports.lake import Quality


def write_first_format(home: Path, *series: Candles, funding: dict[MarketId, dict[str, np.ndarray]]) -> Path:
    """Write a lake of the first format. Returns its folder."""
    root = home / "lake"
    records, markets = [], {}
    for candles in series:
        columns = {name: getattr(candles, name) for name in CANDLE_COLUMNS}
        quality = measure(candles, sessions=False)
        records.append(_series(root, "candles", candles.market, candles.timeframe_ms, columns, quality))
        first, last = int(candles.ts[0]), int(candles.ts[-1])
        markets[candles.market] = {"anchor_ts": first, "vault_start_ts": last, "sessions": False}
    records += [_series(root, "funding", market, 0, columns, Quality()) for market, columns in funding.items()]
    (root / "catalog.json").write_text(json.dumps({"format": 1, "markets": markets, "series": records}, indent=1))
    return root


def _series(
    root: Path, kind: str, market: MarketId, milliseconds: int, columns: dict[str, np.ndarray], quality: Quality
) -> dict[str, object]:
    told = hashlib.sha256()
    for name, values in columns.items():
        told.update(f"{name}:{len(values)}\n".encode() + values.tobytes())
    timeframe = timeframe_text(milliseconds) if milliseconds else "stamps"
    folder = root / kind / venue_of(market) / symbol_of(market) / timeframe / told.hexdigest()[:16]
    folder.mkdir(parents=True)
    for name, values in columns.items():
        (folder / f"{name}.bin").write_bytes(values.tobytes())
    return {
        "kind": kind,
        "market": market,
        "timeframe_ms": milliseconds,
        "first_ts": int(columns["ts"][0]),
        "last_ts": int(columns["ts"][-1]),
        "rows": len(columns["ts"]),
        "hash": told.hexdigest(),
        "quality": asdict(quality),
    }
