"""Which features a policy on an instrument uses: the kernel is specialised on them."""

from __future__ import annotations

import math

from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import LevelMode, Policy
from karat.core.model.signals import Signals
from karat.kernel.prepare import Extras
from karat.kernel.records import Features, Marker


def _marker(used: bool) -> Marker:
    return True if used else None


EVERY_FEATURE = Features(
    inverse=True,
    margin=True,
    funding=True,
    borrow=True,
    trail=True,
    dynamic=True,
    reentry=True,
    adds=True,
    target=True,
    filters=True,
    overrides=True,
    sparse=None,
)
"""The kernel that can do everything: one compilation serves every policy, at the price of some speed."""


def features_of(
    policy: Policy, instrument: Instrument, signals: Signals, extras: Extras, *, sparse: bool = False
) -> Features:
    """The smallest kernel that means the same."""
    spot = instrument.kind in (Kind.SPOT, Kind.EQUITY)
    shorts_spot = spot and policy.allow_short and not math.isnan(policy.borrow_rate)
    limits = (policy.daily_loss_limit, policy.volume_factor, policy.funding_low, policy.funding_high)
    filters = (
        any(not math.isnan(limit) for limit in limits)
        or policy.cooldown > 0
        or policy.loss_streak_limit > 0
        or policy.session_from >= 0
        or len(policy.min_confidence_by_regime) > 0
    )
    overrides = (signals.stop, signals.take, signals.size_scale, signals.leverage)
    funding = extras.funding is not None and len(extras.funding.ts) > 0 and not spot
    return Features(
        inverse=_marker(instrument.kind == Kind.INVERSE),
        margin=_marker(not spot or shorts_spot),
        funding=_marker(funding),
        borrow=_marker(shorts_spot),
        trail=_marker(policy.trail_mode != LevelMode.NONE),
        dynamic=_marker(policy.dynamic_levels),
        reentry=_marker(policy.reentry_max > 0),
        adds=_marker(policy.max_adds > 0),
        target=_marker(signals.target is not None),
        filters=_marker(filters),
        overrides=_marker(any(column is not None for column in overrides)),
        sparse=_marker(sparse and signals.target is None),
    )


SIMPLE = Features(
    inverse=None,
    margin=True,
    funding=True,
    borrow=None,
    trail=None,
    dynamic=None,
    reentry=None,
    adds=None,
    target=None,
    filters=None,
    overrides=None,
    sparse=None,
)
"""Stop, take, exit signal, sizing, costs, funding and liquidation: what most sweeps need, and the fastest."""


def tier_of(needed: Features, *, sparse: bool = True) -> Features:
    """The smallest shipped kernel that can do what is needed: few kernels, so few compilations."""
    fits = all(have is not None or need is None for need, have in zip(needed[:-1], SIMPLE[:-1], strict=True))
    tier = SIMPLE if fits else EVERY_FEATURE
    return tier._replace(sparse=True if sparse and needed.target is None else None)
