"""The same again: a strategy is a function, so it gives the same twice, in any order, and changes nothing.

1. **repeat**: two runs on one market, and on a market over the same data, are equal.
2. **order**: a second copy of the strategy's file, run over the markets in the opposite order, gives the same. A value
   kept from market to market (a cache keyed by length, say) shows here.
3. **state**: globals of the strategy's modules and attributes of its class are as they were.
4. **inputs**: every array of the market is as it was.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import CANDLE_COLUMNS
from karat.core.model.signals import Signals
from karat.strategies.check.diagnosis import first_difference, locate
from karat.strategies.check.report import Finding
from karat.strategies.check.subject import Case
from karat.strategies.contract import Strategy
from karat.strategies.identity import own_modules, source_path
from karat.strategies.loading import execute
from karat.strategies.market import Market

_DEPTH_MAX = 5  # containers in containers that a digest follows


def fresh_copy(strategy: Strategy, label: str) -> Strategy:
    """The same strategy from a second run of its file, sharing no global with it. A class that is not at the top of its
    file, or a file that does not run by itself (a package), cannot be run again; then it is returned as it is."""
    cls = type(strategy)
    if "." in cls.__qualname__:
        return strategy
    try:
        module = execute(source_path(strategy), f"{cls.__module__}__{label}")
    except InputError:
        return strategy
    return getattr(module, cls.__qualname__)()


def check_repeat(case: Case, full: Signals) -> Finding | None:
    """Whether the same market gives the same twice, and a market over the same data as well."""
    again = case.market[:]
    for market in (case.market, again):
        difference = first_difference(full, case.run(market), len(full))
        if difference:
            culprit = locate(case.strategy, case.values, case.market, again, len(full))
            what = f": {culprit.name} is the first to differ" if culprit.name else ""
            return case.finding(
                "repeat",
                f"{difference[0]} is another when computed again{what}.",
                "Use no randomness, clock or state.",
                bar=difference[1],
                culprit=culprit.name,
                line=culprit.line,
            )
    return None


def check_order(case: Case, full: Signals, copy: Strategy) -> Finding | None:
    """Whether a second copy of the strategy, which has seen other markets before, says the same."""
    try:
        other = Case(copy, case.values, case.dataset, case.market[:]).run()
    except InputError as error:
        return case.finding("order", f"{error.message} It did not when markets came in another order.", error.hint)
    difference = first_difference(full, other, len(full))
    if difference is None:
        return None
    return case.finding(
        "order",
        f"{difference[0]} depends on which markets were computed before.",
        "Keep nothing between calls; the market caches its indicators.",
        bar=difference[1],
        culprit=difference[0],
    )


def state_of(strategy: Strategy) -> dict[str, str]:
    """Digest of every global of the strategy's own modules and of every attribute of their classes, by name."""
    found: dict[str, str] = {}
    for module in own_modules(strategy):
        for name, value in vars(module).items():
            if name.startswith("__") or isinstance(value, ModuleType):
                continue
            own_class = isinstance(value, type) and value.__module__ == module.__name__
            if isinstance(value, type) and not own_class:
                continue
            found[f"{module.__name__}.{name}"] = _digest(_open(vars(value)) if own_class else value)
    return found


def check_state(case: Case, before: Mapping[str, str]) -> Finding | None:
    """Whether a global changed since `before`."""
    for name, digest in state_of(case.strategy).items():
        if before.get(name, digest) != digest:
            module, _, short = name.rpartition(".")
            return case.finding(
                "state",
                f"The global {short} changed while signals were computed.",
                "Keep nothing between calls; the market caches its indicators.",
                culprit=short,
                line=_line_of(module, short),
            )
    return None


def inputs_of(market: Market) -> dict[str, str]:
    """Digest of every array of the market, by name."""
    arrays: dict[str, Any] = {name: getattr(market.candles, name) for name in CANDLE_COLUMNS}
    arrays |= {f"funding.{name}": getattr(market.funding, name) for name in ("ts", "rate", "mark")}
    for one in market.raw_series:
        arrays |= {f"{one.name}.{name}": getattr(one, name) for name in ("ts", "available_at", "value")}
    return {name: _digest(array) for name, array in arrays.items()}


def check_inputs(case: Case, before: Mapping[str, str]) -> Finding | None:
    """Whether an array of the market changed since `before`."""
    for name, digest in inputs_of(case.market).items():
        if before[name] != digest:
            return case.finding(
                "inputs", f"It changed {name} of the market.", "Work on a copy: array.copy().", culprit=name
            )
    return None


def _digest(value: Any, depth: int = 0) -> str:
    digest = hashlib.sha256()
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
    elif depth > _DEPTH_MAX:
        digest.update(type(value).__name__.encode())
    elif isinstance(value, Mapping):
        for key, one in value.items():
            digest.update(f"{_digest(key, depth + 1)}{_digest(one, depth + 1)}".encode())
    elif isinstance(value, (list, tuple, set, frozenset)):
        parts = [_digest(one, depth + 1) for one in value]
        digest.update("".join(parts if isinstance(value, (list, tuple)) else sorted(parts)).encode())
    elif isinstance(value, np.random.Generator):
        digest.update(repr(value.bit_generator.state).encode())
    elif isinstance(value, (bool, int, float, str, bytes, type(None))):
        digest.update(repr(value).encode())
    elif hasattr(value, "cache_info"):
        digest.update(repr(value.cache_info().currsize).encode())
    else:
        digest.update(type(value).__name__.encode())
    return digest.hexdigest()


def _open(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if not name.startswith("_")}


def _line_of(module: str, name: str) -> int:
    """The first line of a module's file that begins with a global's name, 0 when there is none."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file:
        with open(file, encoding="utf-8") as lines:  # noqa: PTH123 a path from sys.modules
            for number, line in enumerate(lines, start=1):
                if line.startswith((f"{name} ", f"{name}:", f"{name}=", f"class {name}")):
                    return number
    return 0
