"""The policy that a bot gets by the name `default`, from the one table of defaults (`limits.toml`, `[policy]`).

1. Exits by opposite signal need no number: the kernel closes on every exit signal.
2. A policy has one time exit for all regimes: 12 bars, the middle of 8 to 16.
3. Minimum confidence and cooldown are those of a trend, the laxest. The entry filter of a bot under limits asks what
   its regime asks for (`filter.confidence_*`, `filter.cooldown_*`). A backtest that has a regime of every bar takes the
   three values themselves (`by_regime`), in the order of `karat.risk.entry_filter.Regime`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from karat.core.model.policy import LevelMode, Policy, SizeMode
from karat.risk.entry_filter import Regime
from karat.risk.limits import Limits, default_limits

_MODES = {"size_mode": SizeMode, "stop_mode": LevelMode, "take_mode": LevelMode, "trail_mode": LevelMode}


@cache
def policy_table() -> dict[str, dict[str, Any]]:
    """Each field with its `value`, `unit` and `source`, as the file has it."""
    document = tomllib.loads(files("karat.risk").joinpath("limits.toml").read_text("utf-8"))
    return document["policy"]


def default_fields() -> dict[str, Any]:
    """The fields of the policy that the table sets, as `Policy` takes them."""
    found: dict[str, Any] = {}
    for name, row in policy_table().items():
        mode = _MODES.get(name)
        found[name] = row["value"] if mode is None else mode[row["value"].upper()]
    return found


def default_policy(limits: Limits | None = None, *, by_regime: bool = False, **changes: Any) -> Policy:
    """The default policy with `changes` laid over it. `by_regime`: with minimum confidence and cooldown of each regime,
    for runs that know the regime of every bar. Raises InputError as `Policy` does."""
    fields = default_fields()
    if by_regime:
        limits = limits or default_limits()
        fields["min_confidence_by_regime"] = tuple(limits.value(f"filter.confidence_{one.value}") for one in Regime)
        fields["cooldown_by_regime"] = tuple(int(limits.value(f"filter.cooldown_{one.value}")) for one in Regime)
    return Policy(**{**fields, **changes})
