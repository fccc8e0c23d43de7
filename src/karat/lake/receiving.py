"""Series that come from elsewhere: put into this lake as they were there."""

from __future__ import annotations

import numpy as np

from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Funding
from karat.core.model.table import Table, TableName
from karat.lake.change import FolderChange
from karat.lake.names import CANDLES, FUNDING, MARK, timeframe_of
from karat.ports.lake import Quality


def put_series(change: FolderChange, name: TableName, rows: Table, quality: Quality | None, sessions: bool) -> None:
    """Put candles, mark prices or funding stamps in the place of that name."""
    market, columns, known = MarketId(name.owner), rows.columns, quality or Quality()
    if name.kind == FUNDING:
        marks = np.full(len(rows), np.nan)
        change.put_funding(market, Funding(columns["ts"], columns["rate"], marks), known)
        return
    candles = Candles(market, timeframe_of(name), **columns)
    if name.kind == MARK:
        change.put_mark(candles, known)
    else:
        assert name.kind == CANDLES, f"{name.kind} are tables"
        change.put_candles(candles, known, sessions=sessions)
