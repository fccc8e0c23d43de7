"""A policy: everything about a trade that is not the signal. One record of numbers; a sweep is columns of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum, StrEnum
from typing import Any

from karat.core.errors import InputError

NONE = math.nan  # a limit that is off


class SizeMode(IntEnum):
    """What `size_value` means (rule 26)."""

    NOTIONAL = 0  # quote units per trade
    FRACTION = 1  # fraction of equity
    RISK = 2  # fraction of equity lost if the stop is hit
    VOLATILITY = 3  # yearly volatility aimed at


class LevelMode(IntEnum):
    """What a stop, take or trailing distance is measured in (rules 13 and 15)."""

    NONE = 0
    ATR = 1  # multiple of ATR
    FRACTION = 2  # fraction of price


class CostLevel(StrEnum):
    """The three cost levels, always shown together; verdicts use PESSIMISTIC."""

    BASE = "base"
    PESSIMISTIC = "pessimistic"
    BRUTAL = "brutal"


@dataclass(frozen=True, slots=True)
class Costs:
    """Half spread and slippage as fractions of price (rule 12), latency in bars (rule 3)."""

    half_spread: float
    slippage_base: float
    slippage_atr: float
    slippage_volume: float
    latency: int


COSTS = {  # simulation.md, "Costs, three levels"
    CostLevel.BASE: Costs(0.0001, 0.0002, 0.02, 0.0010, 1),
    CostLevel.PESSIMISTIC: Costs(0.0002, 0.0004, 0.04, 0.0020, 1),
    CostLevel.BRUTAL: Costs(0.0004, 0.0008, 0.08, 0.0040, 2),
}


def _number(default: Any, low: float, high: float, unit: str, meaning: str, rule: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "unit": unit, "meaning": meaning, "rule": rule})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Sizing, exits, filters and costs. NaN switches a limit off where the field's range allows it.

    `min_confidence_by_regime` and `cooldown_by_regime` hold one value per regime code; empty means no regimes are used
    and `min_confidence` and `cooldown` hold always.
    """

    capital: float = _number(10_000.0, 1e-9, 1e15, "quote", "equity at the start", "31")
    size_mode: SizeMode = _number(SizeMode.FRACTION, 0, 3, "mode", "what size_value means", "26")
    size_value: float = _number(1.0, 1e-12, 1e15, "by mode", "size of an entry before scaling and caps", "26")
    confidence_scaling: bool = _number(False, 0, 1, "switch", "times 0.8 + 0.4 * confidence", "27")
    drawdown_halving: float = _number(NONE, 0.0, 1.0, "fraction", "half size while drawdown is above this", "27")
    leverage: float = _number(1.0, 1e-6, 1000.0, "times", "margin is entry notional / leverage", "17, 27")
    volume_share: float = _number(NONE, 1e-12, 1.0, "fraction", "at most this share of the decision bar's volume", "27")
    allow_long: bool = _number(True, 0, 1, "switch", "long entries are allowed", "19")
    allow_short: bool = _number(True, 0, 1, "switch", "short entries are allowed (spot also needs a borrow rate)", "19")
    borrow_rate: float = _number(NONE, 0.0, 100.0, "fraction a year", "cost of borrowing for a spot short", "5, 19")

    stop_mode: LevelMode = _number(LevelMode.NONE, 0, 2, "mode", "what stop_value means", "13")
    stop_value: float = _number(0.0, 0.0, 1e6, "by mode", "distance of the stop from the entry fill", "13")
    take_mode: LevelMode = _number(LevelMode.NONE, 0, 2, "mode", "what take_value means", "13")
    take_value: float = _number(0.0, 0.0, 1e6, "by mode", "distance of the take from the entry fill", "13")
    take_fraction: float = _number(
        0.5, 1e-9, 1.0, "fraction", "share of the quantity entered that the take closes", "14"
    )
    strict_limit: bool = _number(True, 0, 1, "switch", "a limit fills only when price trades one tick through it", "7")
    trail_mode: LevelMode = _number(LevelMode.NONE, 0, 2, "mode", "what trail_value means", "15")
    trail_value: float = _number(0.0, 0.0, 1e6, "by mode", "distance of the trailing stop from the extreme", "15")
    trail_from_entry: bool = _number(False, 0, 1, "switch", "trail from the entry instead of after the take", "15")
    dynamic_levels: bool = _number(
        False, 0, 1, "switch", "set stop and take anew from the signal arrays at each close", "15"
    )
    time_exit: int = _number(0, 0, 10_000_000, "bars", "leave after this many bars, 0 never", "16")

    min_confidence: float = _number(0.0, 0.0, 1.0, "fraction", "smallest confidence that may enter", "19")
    cooldown: int = _number(0, 0, 10_000_000, "bars", "bars between a closing fill and the next entry decision", "20")
    min_confidence_by_regime: tuple[float, ...] = ()
    cooldown_by_regime: tuple[int, ...] = ()
    daily_loss_limit: float = _number(
        NONE, 1e-12, 1.0, "fraction", "loss since 00:00 UTC that stops entries for the day", "21"
    )
    loss_streak_limit: int = _number(
        0, 0, 10_000_000, "trades", "losing trades in a row that stop entries, 0 never", "22"
    )
    volume_factor: float = _number(NONE, 0.0, 1e9, "times", "volume must reach this multiple of its mean", "23")
    volume_window: int = _number(20, 1, 1_000_000, "bars", "bars before the decision bar in that mean", "23")
    funding_low: float = _number(NONE, -10.0, 10.0, "fraction", "lowest known funding rate that may enter", "23")
    funding_high: float = _number(NONE, -10.0, 10.0, "fraction", "highest known funding rate that may enter", "23")
    session_from: int = _number(-1, -1, 1439, "minute of day", "first minute (UTC) that may enter, -1 always", "23")
    session_to: int = _number(-1, -1, 1440, "minute of day", "first minute (UTC) that may no longer enter", "23")

    reentry_max: int = _number(0, 0, 1_000_000, "limits", "re-entry limits per entry by signal", "24")
    reentry_offset: float = _number(0.0, -0.99, 0.99, "fraction", "limit at exit fill * (1 - side * offset)", "24")
    reentry_bars: int = _number(1, 1, 1_000_000, "bars", "bars a re-entry limit lives", "24")
    max_adds: int = _number(0, 0, 1_000_000, "adds", "entries in the direction held that may add", "25")
    rebalance_band: float = _number(
        0.0, 0.0, 1e6, "fraction", "smallest change of target, as a share of the full size", "34"
    )

    atr_period: int = _number(
        14, 1, 100_000, "bars", "period of the ATR of stops, takes, trailing and slippage", "12, 13"
    )
    volatility_period: int = _number(20, 2, 100_000, "bars", "log returns in the realised volatility of sizing", "26")

    half_spread: float = _number(0.0002, 0.0, 1.0, "fraction", "half of the quoted spread", "11")
    slippage_base: float = _number(0.0004, 0.0, 1.0, "fraction", "slippage of any taker fill", "12")
    slippage_atr: float = _number(0.04, 0.0, 100.0, "fraction", "slippage per ATR / close", "12")
    slippage_volume: float = _number(
        0.0020, 0.0, 100.0, "fraction", "slippage per square root of share of volume", "12"
    )
    maker_fee: float = _number(NONE, -0.1, 1.0, "fraction", "maker fee; NaN takes the instrument's", "11")
    taker_fee: float = _number(NONE, -0.1, 1.0, "fraction", "taker fee; NaN takes the instrument's", "11")
    latency: int = _number(1, 1, 10_000, "bars", "bars from decision to fill", "3")

    def __post_init__(self) -> None:
        for spec in fields(self):
            if spec.metadata:
                _check_range(spec.name, getattr(self, spec.name), spec.metadata, optional=_is_off(spec.default))
        _check_contradictions(self)

    def with_costs(self, level: CostLevel) -> Policy:
        """The same policy at a cost level; fees stay."""
        costs = COSTS[level]
        return replace(self, **{spec.name: getattr(costs, spec.name) for spec in fields(Costs)})


def _is_off(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _check_range(name: str, value: Any, metadata: Any, *, optional: bool) -> None:
    if _is_off(value):
        if optional:
            return
        raise InputError("bad_policy", f"Policy field {name} is not a number.", f"Give a value ({metadata['unit']}).")
    low, high = metadata["low"], metadata["high"]
    if not low <= value <= high:
        hint = f"Choose between {low:g} and {high:g} ({metadata['unit']}): {metadata['meaning']}."
        raise InputError("bad_policy", f"Policy field {name} = {value:g} is out of range.", hint)


def _check_contradictions(policy: Policy) -> None:
    for name in ("stop", "take", "trail"):
        mode, value = getattr(policy, f"{name}_mode"), getattr(policy, f"{name}_value")
        if mode != LevelMode.NONE and value <= 0:
            _refuse(
                f"{name}_mode is set but {name}_value is {value:g}.", f"Set {name}_value above 0, or {name}_mode=none."
            )
    if not policy.allow_long and not policy.allow_short:
        _refuse("allow_long and allow_short are both off, so nothing can ever trade.", "Allow at least one side.")
    if (policy.session_from < 0) != (policy.session_to < 0):
        _refuse("session_from and session_to must be set together.", "Set both, or leave both at -1.")
    if not math.isnan(policy.funding_low) and policy.funding_low > policy.funding_high:
        _refuse("funding_low is above funding_high.", "Swap them.")
    if len(policy.min_confidence_by_regime) != len(policy.cooldown_by_regime):
        _refuse(
            "min_confidence_by_regime and cooldown_by_regime differ in length.", "Give one value per regime in both."
        )
    if policy.reentry_max > 0 and abs(policy.reentry_offset) >= 1:
        _refuse("reentry_offset must be a fraction below 1.", "Use for example 0.002.")
    if any(not 0 <= value <= 1 for value in policy.min_confidence_by_regime):
        _refuse("min_confidence_by_regime holds a value outside 0 to 1.", "Confidence lies in [0, 1].")
    if any(value < 0 for value in policy.cooldown_by_regime):
        _refuse("cooldown_by_regime holds a negative number of bars.", "Use 0 or more bars.")


def _refuse(message: str, hint: str) -> None:
    raise InputError("contradictory_policy", message, hint)
