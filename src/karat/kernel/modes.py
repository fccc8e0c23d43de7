"""Is this run inverse, has it targets: constants in a kernel that cannot, numbers in one that can."""

from __future__ import annotations

from typing import Any

from karat.core.compiled import inlined


@inlined
def is_inverse(rules: Any, features: Any) -> bool:
    """The instrument settles in its base coin."""
    return features.inverse is not None and rules.inverse != 0


@inlined
def has_targets(rules: Any, features: Any) -> bool:
    """The strategy gives targets."""
    return features.target is not None and rules.targets != 0
