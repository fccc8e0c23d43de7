"""Which markets and policies may go from trade to trade."""

from __future__ import annotations

import numpy as np

from karat.core.model.candles import Floats
from karat.core.model.policy import SizeMode
from karat.kernel.columns import INDEX
from karat.kernel.engine import Inputs
from karat.kernel.features import SIMPLE


def is_plain_market(inputs: Inputs) -> bool:
    """No payment while a position is held, no finer bars, nothing but entries, exits, stops, takes and costs."""
    features, bars = inputs.features, inputs.bars
    simple = all(have is not None or used is None for used, have in zip(features[:-1], SIMPLE[:-1], strict=True))
    if not simple or features.sparse is None or len(bars.close) == 0:
        return False
    return not bars.funding_unit.any() and inputs.detail is None


def are_plain(rows: Floats) -> bool:
    """No policy of these rows halves its size in a drawdown: drawdowns are found only after the trades."""
    return bool(np.isnan(rows[:, INDEX["drawdown_halving"]]).all())


def may_share_outcomes(row: Floats) -> bool:
    """Policies like this one, but for other levels above 0, may share a table of outcomes: an entry has a price that
    does not depend on its size, and a size that does not depend on its stop; it fills at the next open, and a take
    closes all."""
    return bool(
        row[INDEX["slippage_volume"]] == 0.0
        and row[INDEX["size_mode"]] != SizeMode.RISK
        and row[INDEX["latency"]] == 1.0
        and row[INDEX["take_fraction"]] == 1.0
    )
