"""`evaluate`: the only way product code calls a strategy.

1. The market must have what the strategy needs. One shorter than the warm-up gets quiet signals without a call.
2. The strategy runs; what it raises becomes one line that names its file and line. Arithmetic on the undefined is no
   error: it gives NaN, which refuses entries.
3. Dtypes, lengths and values are checked: entry in {-1, 0, 1}, confidence in [0, 1] or NaN, target in [-1, 1] or NaN.
4. Every signal of the first `warmup_bars` bars is 0 (simulation.md, rule 8).
5. What comes out is read-only, contiguous columns, so that a kernel is compiled for one signature.
"""

from __future__ import annotations

import traceback
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.errors import InputError, KaratError
from karat.core.model.signals import Signals, signals
from karat.strategies.compiled_signals import signal_faults
from karat.strategies.contract import Strategy
from karat.strategies.identity import source_path
from karat.strategies.market import Market
from karat.strategies.parameters import Values

_DTYPES = {spec.name: np.dtype(np.float64) for spec in fields(Signals)} | {
    "entry": np.dtype(np.int8),
    "exit_long": np.dtype(np.bool_),
    "exit_short": np.dtype(np.bool_),
}


def evaluate(strategy: Strategy, market: Market, values: Values) -> Signals:
    """Signals of `strategy` over `market`: shape (bars,), read-only, zero below warm-up. The market is not changed.

    Raises InputError `input_missing`, `strategy_failed` or `bad_signals`; what the strategy itself refuses passes.
    """
    for name in strategy.needs:
        if name not in market.inputs:
            have = ", ".join(market.inputs) or "candles only"
            raise InputError(
                "input_missing", f"{strategy.name} needs {name}, and {market.market_id} has {have}.", f"Import {name}."
            )
    try:
        warmup = _checked_warmup(strategy, strategy.warmup_bars(values))
        raw = raw_signals(strategy, market, values) if len(market) >= warmup else signals(len(market))
    except KaratError:
        raise
    except Exception as error:
        raise failure(strategy, error) from error
    return _finished(strategy, market, raw, warmup)


def raw_signals(strategy: Strategy, market: Market, values: Values) -> Signals:
    """What the strategy says, unchecked and with nothing masked; for the checker."""
    with np.errstate(all="ignore"):
        return strategy.signals(market, values)


def failure(strategy: Strategy, error: BaseException) -> InputError:
    """What a strategy raised, as one line that names the last line of its own file that was running."""
    own = str(source_path(strategy))
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    where = f"{Path(own).name}:{lines[-1]}" if lines else Path(own).name
    return InputError(
        "strategy_failed",
        f"{strategy.name} failed at {where}: {type(error).__name__}: {error}",
        f"Mend it, then run karat strategies check {strategy.name}.",
    )


def _checked_warmup(strategy: Strategy, warmup: object) -> int:
    if not isinstance(warmup, int) or isinstance(warmup, bool) or warmup < 0:
        raise _bad(strategy, f"declares a warm-up of {warmup!r}", "Return a whole number of bars from warmup_bars.")
    return warmup


def _finished(strategy: Strategy, market: Market, raw: object, warmup: int) -> Signals:
    if not isinstance(raw, Signals):
        raise _bad(strategy, f"returned {type(raw).__name__}", "Return karat.core.model.signals.signals(...).")
    if len(raw) != len(market):
        raise _bad(strategy, f"gave {len(raw)} signals for {len(market)} bars", "Give one element per bar.")
    changed: dict[str, Any] = {}
    for name, dtype in _DTYPES.items():
        column = getattr(raw, name)
        if column is None:
            continue
        if column.dtype != dtype:
            raise _bad(strategy, f"gave {name} as {column.dtype}", f"Use {dtype}, for example with .astype.")
        settled = _warmed(np.asarray(column, order="C"), warmup)
        if settled is not column:
            changed[name] = settled
    ready = replace(raw, **changed) if changed else raw
    _check_values(strategy, ready)
    return ready


def _warmed(column: NDArray[Any], warmup: int) -> NDArray[Any]:
    """The column with zeros below warm-up, read-only. An array of the market is copied before it is written to."""
    if column.flags.writeable:
        column[:warmup] = 0
        column.flags.writeable = False
    elif warmup and column[:warmup].any():
        column = column.copy()
        column[:warmup] = 0
        column.flags.writeable = False
    return column


def _check_values(strategy: Strategy, given: Signals) -> None:
    if signal_faults(given.entry, given.exit_long, given.exit_short, given.confidence):
        wrong = np.flatnonzero((given.entry < -1) | (given.entry > 1))
        if len(wrong):
            raise _bad(strategy, f"gave entry {given.entry[wrong[0]]} at bar {wrong[0]}", "Use -1, 0 or 1.")
        wrong = np.flatnonzero((given.confidence < 0) | (given.confidence > 1))
        raise _bad(
            strategy, f"gave confidence {given.confidence[wrong[0]]:g} at bar {wrong[0]}", "Confidence lies in [0, 1]."
        )
    if given.target is not None:
        wrong = np.flatnonzero((given.target < -1) | (given.target > 1))
        if len(wrong):
            raise _bad(
                strategy, f"gave target {given.target[wrong[0]]:g} at bar {wrong[0]}", "A target lies in [-1, 1]."
            )


def _bad(strategy: Strategy, what: str, hint: str) -> InputError:
    return InputError("bad_signals", f"{strategy.name} {what}.", hint)
