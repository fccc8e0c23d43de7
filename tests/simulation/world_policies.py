"""Random policies for the random worlds: each feature on in a share of them, and the scale of things they need."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import LevelMode, Policy, SizeMode

NAN = math.nan
LEVERAGES = [1.0, 2.0, 3.0, 10.0, 20.0, 50.0, 0.5]


def short(value: float) -> float:
    """Three significant digits, exactly as a person would write them."""
    return float(f"{value:.3g}")


class Dice(Protocol):
    """Where the choices of a random world come from: Hypothesis, which can shrink them, or a seed, which is fast."""

    def integer(self, low: int, high: int) -> int: ...

    def pick(self, values: Sequence[Any]) -> Any: ...

    def column(self, n: int, values: Sequence[Any]) -> list[Any]: ...


def on(dice: Dice, share: float) -> bool:
    """A feature that is on in about this share of the worlds; the smallest choice is off."""
    return dice.integer(0, 99) >= 100 - round(100 * share)


def one_of(dice: Dice, *values: Any) -> Any:
    return dice.pick(values)


@dataclass(frozen=True)
class Scale:
    """The size of things: how much one lot is worth, and how many lots the capital buys."""

    kind: Kind
    tick: float
    lot: float
    contract_size: float
    price: float  # where the market starts
    lots: int  # what the capital buys without leverage

    @property
    def lot_quote(self) -> float:
        """Notional of one lot at the start, in quote units."""
        value = self.lot * self.contract_size
        return value if self.kind == Kind.INVERSE else value * self.price

    @property
    def capital_quote(self) -> float:
        return self.lots * self.lot_quote

    @property
    def capital(self) -> float:
        return short(self.capital_quote / self.price if self.kind == Kind.INVERSE else self.capital_quote)


def _size(dice: Dice, scale: Scale) -> dict[str, Any]:
    mode = one_of(dice, SizeMode.FRACTION, SizeMode.FRACTION, SizeMode.NOTIONAL, SizeMode.RISK, SizeMode.VOLATILITY)
    values = {
        SizeMode.NOTIONAL: [short(scale.capital_quote * share) for share in (0.5, 0.1, 1.0, 3.0)],
        SizeMode.FRACTION: [1.0, 0.3, 0.5, 2.0, 5.0, 10.0],
        SizeMode.RISK: [0.01, 0.02, 0.1],
        SizeMode.VOLATILITY: [0.2, 0.5, 1.0],
    }[mode]
    fields: dict[str, Any] = {"size_mode": mode, "size_value": dice.pick(values)}
    if on(dice, 0.2):
        fields["confidence_scaling"] = True
    if on(dice, 0.15):
        fields["drawdown_halving"] = one_of(dice, 0.05, 0.01, 0.2, 0.0)
    if on(dice, 0.15):
        fields["volume_share"] = one_of(dice, 0.5, 0.1, 1.0)
    return fields


def _levels(dice: Dice) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, share in (("stop", 0.6), ("take", 0.6), ("trail", 0.5)):
        if on(dice, share):
            mode = one_of(dice, LevelMode.FRACTION, LevelMode.ATR)
            fractions, multiples = (0.02, 0.01, 0.05, 0.005), (1.0, 0.5, 2.0)
            values = fractions if mode == LevelMode.FRACTION else multiples
            fields |= {f"{name}_mode": mode, f"{name}_value": one_of(dice, *values)}
    fields["take_fraction"] = one_of(dice, 0.5, 1.0, 0.3, 0.9)
    fields["strict_limit"] = not on(dice, 0.3)
    fields["trail_from_entry"] = on(dice, 0.6)
    fields["dynamic_levels"] = on(dice, 0.25)
    fields["time_exit"] = one_of(dice, 0, 0, 0, 1, 2, 5)
    return fields


def _blocks(dice: Dice) -> dict[str, Any]:
    fields: dict[str, Any] = {"min_confidence": one_of(dice, 0.0, 0.0, 0.0, 0.5)}
    fields["cooldown"] = one_of(dice, 0, 0, 0, 0, 1, 2, 4)
    if on(dice, 0.15):
        fields |= {"allow_long": False} if on(dice, 0.5) else {"allow_short": False}
    if on(dice, 0.25):
        fields["daily_loss_limit"] = one_of(dice, 0.02, 0.005, 0.1)
    if on(dice, 0.25):
        fields["loss_streak_limit"] = one_of(dice, 2, 1, 3)
    if on(dice, 0.12):
        fields |= {"volume_factor": one_of(dice, 1.0, 0.5, 2.0), "volume_window": one_of(dice, 2, 1, 5)}
    if on(dice, 0.12):
        fields |= {"funding_low": -0.01, "funding_high": one_of(dice, 0.001, 0.01, NAN)}
    if on(dice, 0.12):
        fields |= dict(zip(("session_from", "session_to"), one_of(dice, (0, 720), (720, 120), (60, 1440)), strict=True))
    return fields


def _again(dice: Dice) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if on(dice, 0.45):
        fields |= {
            "reentry_max": one_of(dice, 2, 1, 5),
            "reentry_offset": one_of(dice, 0.0, 0.005, 0.02, -0.01),
            "reentry_bars": one_of(dice, 3, 1, 10),
        }
    if on(dice, 0.25):
        fields["max_adds"] = one_of(dice, 2, 1, 5)
    return fields


def _costs(dice: Dice) -> dict[str, Any]:
    if not on(dice, 0.75):
        free = {"half_spread": 0.0, "slippage_base": 0.0, "slippage_atr": 0.0, "slippage_volume": 0.0}
        return free | {"latency": one_of(dice, 1, 1, 2)}
    fields: dict[str, Any] = {
        "half_spread": one_of(dice, 0.0, 0.0002, 0.001),
        "slippage_base": one_of(dice, 0.0, 0.0004, 0.002),
        "slippage_atr": one_of(dice, 0.0, 0.04),
        "slippage_volume": one_of(dice, 0.0, 0.002, 0.02),
        "latency": one_of(dice, 1, 1, 2, 3),
    }
    if on(dice, 0.3):
        fields |= {"maker_fee": one_of(dice, 0.0, 0.0001, -0.0002), "taker_fee": one_of(dice, 0.0, 0.001)}
    return fields


def draw_policy(dice: Dice, scale: Scale, instrument: Instrument, *, regimes: bool, stops_given: bool) -> Policy:
    """A policy that contradicts neither itself nor the signals."""
    possible = [leverage for leverage in LEVERAGES if leverage * instrument.maintenance_margin_rate < 1]
    fields: dict[str, Any] = {"capital": scale.capital, "leverage": dice.pick(possible)}
    fields |= _size(dice, scale) | _levels(dice) | _blocks(dice) | _again(dice) | _costs(dice)
    if fields["size_mode"] == SizeMode.RISK and not stops_given:
        fields |= {"stop_mode": LevelMode.FRACTION, "stop_value": 0.02}  # risk needs a stop to size by
    fields["borrow_rate"] = one_of(dice, 0.1, 0.0, NAN)
    fields["rebalance_band"] = one_of(dice, 0.0, 0.0, 0.2, 0.5)
    if regimes:
        fields |= {"min_confidence_by_regime": (0.0, 0.6), "cooldown_by_regime": (0, 2)}
    return Policy(**fields)
