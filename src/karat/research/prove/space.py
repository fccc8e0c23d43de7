"""Which parameters a proof tries: a reasonable region first, then ever closer around what was found.

1. The **region** has up to `axis_values` values an axis, the default among them: from half to twice the
   default by equal ratios, where the range is above zero and spans more than tenfold, because 10 and 20 differ as much
   as 100 and 200; else an eighth of the range to both sides of the default. Never beyond what the strategy allows.
2. **Around** a variant an axis has five values, or three where five would make too many variants, of the strategy's own
   steps within a share of the value, both ways; where a step is coarser than the share, the next value up and down.
   Switches stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from karat.research.sweeps.choice import Sampler
from karat.research.sweeps.grid import SweepGrid
from karat.research.sweeps.job import Choice
from karat.research.sweeps.objective import Objective
from karat.strategies import Strategy
from karat.strategies.parameters import Parameter

_WIDE = 10.0
_TIMES = 2.0
_PART_OF_RANGE = 0.125


def region(strategy: Strategy, axis_values: int, policy: Mapping[str, tuple[Any, ...]]) -> SweepGrid:
    """The reasonable region of every parameter, times the policy fields that a user varies."""
    return SweepGrid({one.name: _spread(one, axis_values) for one in strategy.parameters}, dict(policy))


def around(
    strategy: Strategy, grid: SweepGrid, settings: Mapping[str, Any], share: float, variants_max: int
) -> SweepGrid:
    """The neighbourhood of a variant of `grid`. Policy fields keep to the values that the user gave: the one chosen and
    those beside it."""
    policy = {name: _beside(values, settings[name]) for name, values in grid.policy.items()}
    five, three = (
        SweepGrid({one.name: _near(one, settings[one.name], share, half) for one in strategy.parameters}, policy)
        for half in (2, 1)
    )
    return five if five.variants <= variants_max else three


def choice_of(grid: SweepGrid, variants: int, objective: Objective, seed: int) -> Choice:
    """All of a grid that has no more than so many variants, else a Sobol sample of them."""
    if grid.variants <= variants:
        return Choice(Sampler.GRID, None, seed, scored_by=objective)
    return Choice(Sampler.SOBOL, variants, seed, scored_by=objective)


def number_of(grid: SweepGrid, settings: Mapping[str, Any]) -> int:
    """The number of a variant of `grid` by what it sets, all of whose values are the grid's."""
    number = 0
    for name, values in [*grid.parameters.items(), *grid.policy.items()]:
        number = number * len(values) + values.index(settings[name])
    return number


def _spread(parameter: Parameter, count: int) -> tuple[Any, ...]:
    low, high, default = float(parameter.low), float(parameter.high), float(parameter.default)
    if parameter.kind is bool or len(parameter.values()) <= count:
        return tuple(parameter.values())
    if low > 0.0 and high / low > _WIDE:
        wanted = np.geomspace(max(low, default / _TIMES), min(high, default * _TIMES), count)
    else:
        part = _PART_OF_RANGE * (high - low)
        wanted = np.linspace(max(low, default - part), min(high, default + part), count)
    found = {_closest(parameter, float(one)) for one in wanted}
    return tuple(sorted(_with_default(found, parameter), key=float))


def _with_default(found: set[Any], parameter: Parameter) -> set[Any]:
    """The value next to the default gives way to it."""
    if parameter.default in found:
        return found
    nearest = min(found, key=lambda one: (abs(one - parameter.default), one))
    return {*(found - {nearest}), parameter.parse(parameter.default)}


def _closest(parameter: Parameter, number: float) -> Any:
    step = round((number - float(parameter.low)) / float(parameter.step))
    values = math.floor((float(parameter.high) - float(parameter.low)) / float(parameter.step) + 1e-6)
    return parameter.parse(parameter.low + min(max(step, 0), values) * parameter.step)


def _near(parameter: Parameter, value: Any, share: float, half: int) -> tuple[Any, ...]:
    """`half` values on each side of `value`, fewer where there are fewer."""
    if parameter.kind is bool:
        return (value,)
    values = parameter.values()
    at, reach = values.index(value), abs(float(value)) * share
    inside = [k for k, one in enumerate(values) if abs(one - value) <= reach * (1.0 + 1e-9)]
    first, last = min([*inside, max(at - 1, 0)]), max([*inside, min(at + 1, len(values) - 1)])
    below = {at - round((at - first) * k / half) for k in range(1, half + 1)}
    beyond = {at + round((last - at) * k / half) for k in range(1, half + 1)}
    return tuple(values[k] for k in sorted({at, *below, *beyond}))


def _beside(values: Sequence[Any], value: Any) -> tuple[Any, ...]:
    at = list(values).index(value)
    return tuple(values[max(at - 1, 0) : at + 2])
