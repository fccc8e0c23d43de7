"""May a decision enter, and how large: the filter and the size (rules 19 to 27 and 29)."""

from __future__ import annotations

import math
from typing import Any

from karat.core.calc.money import base_units, contracts, quote_notional
from karat.core.calc.rounding import above, at_least, steps_floor
from karat.core.calc.sizing import RISK, base_size, confidence_factor
from karat.core.compiled import inlined
from karat.kernel.modes import is_inverse

# The values of core.model.reasons.Refusal, as numbers that compile to constants.
NONE, EQUITY, SIDE, OWN_EXIT, REGIME, CONFIDENCE, COOLDOWN = 0, 1, 2, 3, 4, 5, 6
DAILY_LOSS, LOSS_STREAK, VOLUME, FUNDING, SESSION, SIZE = 7, 8, 9, 10, 11, 12
ATR_MODE, FRACTION_MODE = 1, 2


@inlined
def side_allowed(rules: Any, side: int) -> bool:
    """The policy allows the side; a spot short also needs a borrow rate."""
    if side > 0:
        return rules.allow_long != 0
    return rules.allow_short != 0 and (rules.spot == 0 or rules.borrow_rate == rules.borrow_rate)


@inlined
def in_session(minute: int, start: int, end: int) -> bool:
    """Minute of day in [start, end), over midnight if start > end."""
    if start <= end:
        return start <= minute < end
    return minute >= start or minute < end


@inlined
def streak_full(rules: Any, blocks: Any) -> bool:
    """The limit of losses in a row is reached."""
    return rules.loss_streak_limit > 0 and blocks.streak >= rules.loss_streak_limit


@inlined
def cooled_down(cooldown: int, bar: int, blocks: Any, reversal: bool) -> bool:
    """Rule 20; a reversal is decided before its exit."""
    if reversal:
        return cooldown == 0
    return blocks.close_bar < 0 or bar - blocks.close_bar >= cooldown


@inlined
def market_allows(rules: Any, view: Any) -> int:
    """Volume, funding and session (rule 23)."""
    wants_volume = rules.volume_factor == rules.volume_factor
    if wants_volume and not at_least(view.volume, rules.volume_factor * view.volume_mean):
        return VOLUME
    low_on, high_on = rules.funding_low == rules.funding_low, rules.funding_high == rules.funding_high
    if low_on or high_on:
        known = view.funding_known
        if known != known or (low_on and known < rules.funding_low) or (high_on and known > rules.funding_high):
            return FUNDING
    if rules.session_from >= 0 and not in_session(view.minute, rules.session_from, rules.session_to):
        return SESSION
    return NONE


@inlined
def first_no(
    rules: Any, features: Any, view: Any, side: int, void: bool, reversal: bool, equity: float, blocks: Any
) -> int:
    """The entry filter without its size, in its order (rule 19)."""
    if not above(equity, 0.0):
        return EQUITY
    if not side_allowed(rules, side):
        return SIDE
    if void:
        return OWN_EXIT
    if view.min_confidence != view.min_confidence:
        return REGIME
    if not view.confidence >= view.min_confidence:
        return CONFIDENCE
    if features.filters is not None:
        if not cooled_down(view.cooldown, view.bar, blocks, reversal):
            return COOLDOWN
        if blocks.blocked != 0:
            return DAILY_LOSS
        if streak_full(rules, blocks):
            return LOSS_STREAK
        return market_allows(rules, view)
    return NONE


@inlined
def level_distance(mode: int, value: float, own: float, atr: float) -> float:
    """Distance in price units known at the decision: the strategy's own, else by ATR; NaN: by fraction, or none."""
    if own == own:
        return own
    return value * atr if mode == ATR_MODE else math.nan


@inlined
def entry_leverage(rules: Any, view: Any, side: int) -> float:
    """Leverage of an entry; NaN when it is refused (rule 5). A spot long has 1 (rule 17)."""
    if not view.leverage > 0.0:
        return math.nan
    leverage = 1.0 if rules.spot != 0 and side > 0 else view.leverage
    return math.nan if 1.0 / leverage <= rules.maintenance_rate else leverage


@inlined
def distances(rules: Any, view: Any, takes: bool) -> Any:
    """(ok, stop distance, take distance) of an entry; not ok refuses it (rules 5 and 6). Targets have no takes."""
    if view.stop <= 0.0 or (takes and view.take <= 0.0):
        return False, view.stop, view.take
    if view.atr != view.atr:
        stop_needs = rules.stop_mode == ATR_MODE and view.stop != view.stop
        take_needs = takes and rules.take_mode == ATR_MODE and view.take != view.take
        if rules.slippage_atr != 0.0 or stop_needs or take_needs:
            return False, view.stop, view.take
    stop = level_distance(rules.stop_mode, rules.stop_value, view.stop, view.atr)
    take = level_distance(rules.take_mode, rules.take_value, view.take, view.atr) if takes else view.take
    # A market without range has an ATR of 0: a level at the entry itself is no protection, so it is no entry.
    return not (stop <= 0.0 or (takes and take <= 0.0)), stop, take


@inlined
def full_size(
    rules: Any, features: Any, view: Any, confidence: float, leverage: float, stop_distance: float, held_lots: int,
    equity: float, peak: float,
) -> float:  # fmt: skip
    """Contracts of an entry before flooring (rules 26, 27, 29); NaN when a number is missing."""
    inverse = is_inverse(rules, features)
    price = view.close
    worth = equity * price if inverse else equity
    if rules.size_mode == RISK and stop_distance != stop_distance and rules.stop_mode == FRACTION_MODE:
        stop_distance = rules.stop_value * price
    base = base_size(rules.size_mode, rules.size_value, worth, price, stop_distance, view.volatility)
    base = base * view.size_scale if view.size_scale > 0.0 else math.nan
    if rules.confidence_scaling != 0:
        base *= confidence_factor(confidence)
    if rules.drawdown_halving == rules.drawdown_halving and above(1.0 - equity / peak, rules.drawdown_halving):
        base *= 0.5
    cap = leverage * worth / price - base_units(inverse, held_lots * rules.lot, rules.contract_size, price)
    base = cap if base > cap else base
    if rules.volume_share == rules.volume_share:
        share = rules.volume_share * view.volume
        base = share if base > share else base
    return contracts(inverse, base, rules.contract_size, price)


@inlined
def floored_lots(rules: Any, features: Any, quantity: float, price: float) -> int:
    """Whole lots of a size, 0 when there is no size or it is under a minimum at `price`."""
    if not quantity > 0.0:
        return 0
    lots = steps_floor(quantity, rules.lot)
    return lots if meets_minimums(rules, features, lots, price) else 0


@inlined
def meets_minimums(rules: Any, features: Any, lots: int, price: float) -> bool:
    """Minimum quantity and minimum notional at `price`."""
    if lots <= 0:
        return False
    quantity = lots * rules.lot
    value = quote_notional(is_inverse(rules, features), quantity, rules.contract_size, price)
    return at_least(quantity, rules.min_quantity) and at_least(value, rules.min_notional)


@inlined
def size_entry(
    rules: Any, features: Any, view: Any, side: int, confidence: float, holding: Any, growing: bool, equity: float,
    peak: float,
) -> Any:  # fmt: skip
    """(lots, stop distance, take distance, leverage) of an entry; 0 lots: refused for its size."""
    leverage = entry_leverage(rules, view, side)
    ok, stop, take = distances(rules, view, True)
    if not ok or leverage != leverage:
        return 0, stop, take, leverage
    held_lots = 0
    if growing:
        leverage, held_lots = holding.leverage, holding.lots
    quantity = full_size(rules, features, view, confidence, leverage, stop, held_lots, equity, peak)
    return floored_lots(rules, features, quantity, view.close), stop, take, leverage
