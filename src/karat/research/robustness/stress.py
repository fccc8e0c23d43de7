"""What a variant bears: dearer and later fills, and more capital."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import Policy, SizeMode
from karat.research.edge import edge_dies_at_bp
from karat.research.robustness.disturbed import dearer
from karat.research.robustness.variant import Outcome, Variant, outcome_of
from karat.research.trades import notionals
from karat.stats import Figure, Undefined, is_defined
from karat.stats.figure import NO_TRADES

COST_TIMES = 2.0  # validation checklist, item 5
DELAYS_BARS = (1, 2)
ARTEFACT_FALL = 0.5  # a fall of more than half of the Sharpe marks a timing artefact (item 2)
VOLUME_SHARE_MAX = 0.01  # of the volume of a bar (item 26)
VOLUME_PERCENTILE = 5.0
NOTHING_TO_LOSE = Undefined("no Sharpe above zero to lose")
NO_VOLUME = Undefined("the series has no volume")


@dataclass(frozen=True, slots=True)
class CostStress:
    """`dies_at_bp` as in `research.edge`, `paid_bp` what fills paid on average; the outcome when spread, slippage and
    fees are `times` as large."""

    dies_at_bp: Figure
    paid_bp: float
    times: float
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Delay:
    """Every order filled `bars` later than the policy has it. `sharpe_fall` is the share of the Sharpe that is lost;
    `is_artefact` says that it is more than half. Undefined where there is no Sharpe above zero, or none is left."""

    bars: int
    outcome: Outcome
    sharpe_fall: Figure
    is_artefact: bool | Undefined


@dataclass(frozen=True, slots=True)
class Capacity:
    """The largest capital whose largest order is at most `VOLUME_SHARE_MAX` of a thin bar's volume.

    `bar_notional` is the 5th percentile of what bars traded (volume at the close), `order_share` the largest order of
    the run over the equity before it (over the capital where sizes are fixed); both orders of one bar count together.
    """

    bar_notional: Figure
    order_share: Figure
    capital_max: Figure


def cost_stress(variant: Variant, times: float = COST_TIMES) -> CostStress:
    """Where the edge dies, and what is left of it at a multiple of all costs. A rebate is not made larger."""
    instrument, policy = variant.data.instrument, dearer(variant.policy, times)
    maker, taker = (_fee(variant.policy, instrument, name) for name in ("maker_fee", "taker_fee"))
    policy = replace(policy, maker_fee=_dearer_fee(maker, times), taker_fee=_dearer_fee(taker, times))
    return CostStress(
        dies_at_bp=edge_dies_at_bp(variant.run.inputs, variant.run.close_ts, variant.keys),
        paid_bp=variant.run.paid_bp,
        times=times,
        outcome=outcome_of(variant.with_policy(policy)),
    )


def _fee(policy: Policy, instrument: Instrument, name: str) -> float:
    own: float = getattr(policy, name)
    return getattr(instrument, name) if math.isnan(own) else own


def _dearer_fee(fee: float, times: float) -> float:
    return min(fee * times, 1.0) if fee > 0.0 else fee


def delays(variant: Variant, bars: tuple[int, ...] = DELAYS_BARS) -> tuple[Delay, ...]:
    """The same decisions, filled later: an edge that does not outlive a bar is one of timing."""
    return tuple(_delayed(variant, later) for later in bars)


def _delayed(variant: Variant, bars: int) -> Delay:
    outcome = outcome_of(variant.with_policy(replace(variant.policy, latency=variant.policy.latency + bars)))
    fall = _fall(variant.run.metrics["sharpe"], outcome.sharpe)
    return Delay(bars, outcome, fall, fall > ARTEFACT_FALL if is_defined(fall) else fall)


def _fall(before: Figure, after: Figure) -> Figure:
    if not is_defined(before):
        return before
    if before <= 0.0:
        return NOTHING_TO_LOSE
    return 1.0 - after / before if is_defined(after) else after


def capacity(variant: Variant) -> Capacity:
    """How much capital the market bears. A market of which a twentieth of the bars trade nothing bears none."""
    thin, share = bar_notional(variant, VOLUME_PERCENTILE), order_share(variant)
    if not is_defined(thin):
        return Capacity(thin, share, thin)
    return Capacity(thin, share, VOLUME_SHARE_MAX * thin / share if is_defined(share) else share)


def bar_notional(variant: Variant, percentile: float) -> Figure:
    """What a bar traded at a percentile of all bars, volume at the close, in the settlement currency."""
    bars, instrument = variant.run.inputs.bars, variant.data.instrument
    if not bars.volume.any():
        return NO_VOLUME
    base = bars.quantity_volume * instrument.contract_size
    traded = base / bars.close if instrument.kind == Kind.INVERSE else base * bars.close
    return float(np.percentile(traded, percentile))


def order_share(variant: Variant) -> Figure:
    """The largest notional filled in one bar, both orders of it together, over what it was sized by."""
    first, notional = _orders(variant)
    if not len(first):
        return NO_TRADES
    if variant.policy.size_mode == SizeMode.NOTIONAL:
        return float(notional.max()) / variant.policy.capital
    before = variant.run.fills["equity_before"][first]
    able = before > 0.0
    return float((notional[able] / before[able]).max()) if able.any() else NO_TRADES


def _orders(variant: Variant) -> tuple[Ints, Floats]:
    """Of every bar with fills the first of them, and the notional of all of them."""
    fills = variant.run.fills
    first = np.flatnonzero(np.diff(fills["bar"], prepend=-1))
    if not len(first):
        return first, np.zeros(0)
    return first, np.add.reduceat(notionals(fills, variant.data.instrument), first)
