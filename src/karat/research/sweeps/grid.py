"""What a sweep varies: parameters of the strategy times fields of the policy, numbered from 0."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints
from karat.core.model.instrument import Instrument
from karat.core.model.policy import Policy
from karat.kernel.columns import INDEX, policy_row
from karat.research.backtest_policy import parse_policy
from karat.strategies import Strategy, Values, resolve

BAR_FIELDS = ("atr_period", "volatility_period", "volume_window")  # these change columns of the market, not a row
_RANGE_VALUES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class SweepGrid:
    """Every combination of the values given. Variant k is signal set k // policies with policy k % policies.

    The last name of each half varies fastest. Empty halves have one combination: what the strategy and policy are.
    """

    parameters: Mapping[str, tuple[Any, ...]]
    policy: Mapping[str, tuple[Any, ...]]

    @property
    def signal_sets(self) -> int:
        return math.prod(len(values) for values in self.parameters.values())

    @property
    def policies(self) -> int:
        return math.prod(len(values) for values in self.policy.values())

    @property
    def variants(self) -> int:
        return self.signal_sets * self.policies

    def parameters_at(self, signal_set: int) -> dict[str, Any]:
        """The parameters of one signal set."""
        return _digits(self.parameters, signal_set)

    def policy_at(self, index: int) -> dict[str, Any]:
        """The policy fields of one policy."""
        return _digits(self.policy, index)

    def variant(self, k: int) -> dict[str, Any]:
        """Everything that variant `k` sets."""
        return {**self.parameters_at(k // self.policies), **self.policy_at(k % self.policies)}


def _digits(axes: Mapping[str, tuple[Any, ...]], index: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in reversed(axes):
        index, place = divmod(index, len(axes[name]))
        found[name] = axes[name][place]
    return dict(reversed(found.items()))


def values_of(text: str) -> list[str]:
    """The values of "1,2,5" or of the range "10..40..5" (both ends included). Raises InputError `bad_grid`."""
    if ".." not in text:
        return [part for part in text.split(",") if part]
    parts = text.split("..")
    try:
        low, high, step = (float(part) for part in parts)
    except ValueError:
        hint = "Write low..high..step, for example 10..40..5."
        raise InputError("bad_grid", f"'{text}' is not a range.", hint) from None
    count = math.floor((high - low) / step + 1e-9) + 1 if step > 0 else 0
    if not 0 < count <= _RANGE_VALUES_MAX:
        hint = "Write low..high..step with low <= high and step > 0."
        raise InputError("bad_grid", f"'{text}' holds no values.", hint)
    whole = all(float(part).is_integer() and "." not in part for part in parts)
    digits = max(len(part.partition(".")[2]) for part in parts)
    return [str(int(low + k * step)) if whole else f"{low + k * step:.{digits}f}" for k in range(count)]


def parse_grid(
    strategy: Strategy, parameters: Mapping[str, str], policy: Mapping[str, str], fixed: Mapping[str, str]
) -> SweepGrid:
    """The grid a person wrote. Every value is checked alone; what contradicts what else is set is found by the sweep.

    `fixed` holds parameters that do not vary. Raises InputError `bad_grid` and those of `resolve` and `parse_policy`.
    """
    both = sorted(set(parameters) & set(fixed))
    if both:
        raise InputError("bad_grid", f"{both[0]} is both fixed and varied.", "Give it to --set or to --grid.")
    swept = {name: _parsed(strategy, name, text, fixed) for name, text in parameters.items()}
    return SweepGrid({**{name: (value,) for name, value in fixed.items()}, **swept}, policy_values(policy))


def policy_values(policy: Mapping[str, str]) -> dict[str, tuple[Any, ...]]:
    """The values of policy fields to vary, as a person wrote them. Raises InputError `bad_grid`, those of
    `parse_policy`."""
    found: dict[str, tuple[Any, ...]] = {}
    for name, text in policy.items():
        if name.endswith("_by_regime"):
            raise InputError("bad_grid", f"{name} cannot be varied.", "Give it once with --policy.")
        found[name] = tuple(_policy_value(name, value) for value in values_of(text))
    return found


def _parsed(strategy: Strategy, name: str, text: str, fixed: Mapping[str, str]) -> tuple[Any, ...]:
    known = {parameter.name: parameter for parameter in strategy.parameters}
    if name not in known:
        resolve(strategy, {**fixed, name: values_of(text)[0]})  # raises with the nearest names
    return tuple(known[name].parse(value) for value in values_of(text))


def _policy_value(name: str, value: str) -> Any:
    partner = {"stop_mode": "stop_value", "take_mode": "take_value", "trail_mode": "trail_value"}.get(name)
    given = {name: value} if partner is None or value == "none" else {name: value, partner: "1"}
    return getattr(parse_policy(given), name)


def signal_values(strategy: Strategy, grid: SweepGrid, signal_set: int) -> Values | None:
    """The strategy's values for a signal set; None where they contradict each other (fast above slow, for example)."""
    try:
        return resolve(strategy, grid.parameters_at(signal_set))
    except InputError as error:
        if error.code == "contradictory_parameters":
            return None
        raise


def policies_of(policy: Policy, grid: SweepGrid) -> list[Policy]:
    """Policies that between them show every feature the grid uses, and every contradiction of modes and their values.

    Fields that only carry numbers are taken at their ends; the rest in every combination.
    """
    modes = {name: grid.policy[name] for name in grid.policy if name.endswith("_mode") or name.startswith("allow_")}
    ends = {name: _ends(values) for name, values in grid.policy.items() if name not in modes}
    shown: list[Policy] = []
    for chosen in product(*modes.values()) if modes else [()]:
        base = dict(zip(modes, chosen, strict=True))
        for end in (0, 1):
            shown.append(replace(policy, **base, **{name: pair[end] for name, pair in ends.items()}))
    return shown


def _ends(values: tuple[Any, ...]) -> tuple[Any, Any]:
    numbers = [value for value in values if value == value]
    return (min(numbers), max(numbers)) if numbers else (values[0], values[-1])


def policy_rows(policy: Policy, instrument: Instrument, grid: SweepGrid, chosen: Ints, *, targets: bool) -> Floats:
    """The rows of the policies numbered `chosen`."""
    rows = np.tile(policy_row(policy, instrument, targets=targets), (len(chosen), 1))
    rest = chosen
    for name in reversed(grid.policy):
        values = grid.policy[name]
        rest, place = np.divmod(rest, len(values))
        if name not in BAR_FIELDS:
            rows[:, INDEX[name]] = np.array([float(value) for value in values])[place]
    return rows


def places_on(grid: SweepGrid, axis: str, chosen: Ints) -> Ints:
    """Which value of a policy axis each of the policies numbered `chosen` has; 0 where the axis is not varied."""
    rest = chosen
    for name in reversed(grid.policy):
        rest, place = np.divmod(rest, len(grid.policy[name]))
        if name == axis:
            return place
    return np.zeros(len(chosen), np.int64)
