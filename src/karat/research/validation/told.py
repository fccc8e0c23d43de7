"""What a walk forward tells the trial ledger: every variant of every window, and the walk that was made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from karat.core.model.candles import Floats
from karat.core.model.policy import Policy
from karat.research.backtest import MarketData
from karat.research.ledger.told import tried_by_sweep
from karat.research.ledger.trials import Tried
from karat.research.sweeps.sweep import Sweep
from karat.research.validation.stitched import DayReturns
from karat.stats.belief.sketch import project, sketch_of
from karat.stats.belief.splits import Window
from karat.stats.figure import Undefined
from karat.stats.ratios import sharpe

TOOL = "walk-forward"


def tried_in_window(swept: Sweep, part: MarketData, policy: Policy, signals_from_ms: int) -> Tried:
    """The variants of one training. A sweep of the same bars alone is another trial: its signals warm up inside."""
    told = tried_by_sweep(swept, part, policy)
    return replace(told, tool=TOOL, what={**told.what, "signals_from": signals_from_ms})


def tried_in_walk(
    out: DayReturns, windows: Sequence[Window], data: MarketData, parts: Sequence[Tried], set_up: dict[str, Any]
) -> Tried:
    """The walk itself, one trial: who walks again with other windows has tried something else.

    `parts` are those of its windows, `set_up` what else decides what comes of it.
    """
    candles, found = data.candles, sharpe(out.returns, 1.0)
    return Tried(
        tool=TOOL,
        market=candles.market,
        timeframe=parts[0].timeframe,
        first_ms=parts[0].first_ms,
        end_ms=int(candles.ts[windows[-1].test[1] - 1]) + candles.timeframe_ms,
        days=len(out.days),
        what={**set_up, "windows": [asdict(window) for window in windows], "parts": [dict(one.what) for one in parts]},
        count=1,
        sharpes=np.array([np.nan if isinstance(found, Undefined) else found]),
        sketch=sketch_of(project(_on_every_day(out)[None, :], int(out.days[0]))),
    )


def _on_every_day(out: DayReturns) -> Floats:
    """The curve with nothing earned on the days between, the start first."""
    returns = np.zeros(int(out.days[-1] - out.days[0]) + 1)
    returns[out.days - out.days[0]] = out.returns
    return np.concatenate(([1.0], np.cumprod(1.0 + returns)))
