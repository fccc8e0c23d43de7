"""The checker: proof that a strategy sees no future, keeps no state and makes no signal out of nothing."""

from __future__ import annotations

from karat.strategies.check.checker import check_strategy
from karat.strategies.check.report import CheckReport, Finding, checker_hash

__all__ = ["CheckReport", "Finding", "check_strategy", "checker_hash"]
