"""The thin Python layer above the compiled indicator kernels.

1. Parameters are checked here, once, so that a kernel may trust what it is given.
2. Inputs become read-only, contiguous float64 columns: a kernel is compiled for one signature, whoever calls.
3. **The NaN rule, the same for every indicator.** A bar at which any input is NaN or infinite (for indicators that take
   logarithms: or not positive) has the value NaN, and the indicator starts over on the bar after it, exactly as if the
   series began there. Hence an indicator of an indicator works (its head of NaN is skipped), a window that holds a NaN
   is NaN, and a recursion is seeded anew after a hole. Kernels therefore only ever see finite numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, SupportsFloat, SupportsIndex, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from karat.core.compiled import PLAIN, compiled
from karat.core.errors import InputError
from karat.core.model.candles import Floats, Ints

PERIOD_MAX = 1_000_000
_NO_FLOOR = float("-inf")
LARGEST = float(np.finfo(np.float64).max)


@compiled
def _usable(values: Floats, floor: float) -> bool:
    """Whether every value is finite and above `floor`. Counting to the end keeps it in vector lanes."""
    bad = 0
    for i in range(len(values)):
        bad += (not (values[i] <= LARGEST)) | (not (values[i] > floor))
    return bad == 0


def column(values: ArrayLike) -> Floats:
    """The values as a read-only, contiguous float64 column; not copied when they are one already."""
    if _is_column(values):
        return values
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise InputError(
            "bad_input", f"An indicator needs one column, not {array.ndim} dimensions.", "Pass 1-D arrays."
        )
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def _is_column(values: ArrayLike) -> TypeGuard[Floats]:
    """Whether nothing needs to be done, as with every column of a market: a bot asks at each of its bars."""
    if type(values) is not np.ndarray or values.dtype != np.float64 or values.ndim != 1:
        return False
    flags = values.flags
    return flags.c_contiguous and not flags.writeable


def whole(name: str, value: SupportsIndex, least: int = 1, most: int = PERIOD_MAX) -> int:
    """A whole-number parameter within its range. Raises InputError `bad_parameter`."""
    try:
        number = value.__index__()
    except AttributeError as error:
        raise InputError("bad_parameter", f"{name} must be a whole number, not {value!r}.") from error
    if not least <= number <= most:
        raise InputError("bad_parameter", f"{name} must be from {least} to {most}, not {number}.")
    return number


def real(name: str, value: SupportsFloat, least: float = 0.0, most: float = 1e9) -> float:
    """A real parameter within its range. Raises InputError `bad_parameter`."""
    number = float(value)
    if not least <= number <= most:
        raise InputError("bad_parameter", f"{name} must be from {least:g} to {most:g}, not {number:g}.")
    return number


def ordered(fast_name: str, fast: int, slow_name: str, slow: int) -> None:
    """Refuse a fast period that is not shorter than the slow one."""
    if fast >= slow:
        raise InputError("bad_parameter", f"{fast_name} ({fast}) must be less than {slow_name} ({slow}).")


def on_runs(
    kernel: Callable[..., Any],
    inputs: Sequence[ArrayLike],
    parameters: tuple[Any, ...],
    *,
    positive: bool = False,
    ts: Ints | None = None,
) -> Any:
    """Call the kernel under the NaN rule: on whole columns when they are clean, else on each run of usable bars.

    `kernel(*columns, *parameters)`, or `kernel(ts, *columns, *parameters)` when `ts` is given, returns one float64
    array of the columns' length, or a tuple of such.
    """
    columns = tuple([column(values) for values in inputs])
    stamps = () if ts is None else (_stamps(ts),)
    length = len(columns[0])
    floor = 0.0 if positive else _NO_FLOOR
    clean = True
    for values in columns:
        if len(values) != length:
            raise _unequal()
        clean = clean and _usable(values, floor)
    if ts is not None and len(ts) != length:
        raise _unequal()
    if clean:
        return _call(kernel, (*stamps, *columns), parameters)
    return _by_runs(kernel, stamps, columns, parameters, floor)


def _unequal() -> InputError:
    return InputError("bad_input", "An indicator's inputs must be of one length.", "Pass columns of the same market.")


def _stamps(ts: Ints) -> Ints:
    stamps = np.ascontiguousarray(ts, dtype=np.int64).view()
    stamps.flags.writeable = False
    return stamps


def _call(kernel: Callable[..., Any], columns: tuple[NDArray[Any], ...], parameters: tuple[Any, ...]) -> Any:
    if PLAIN:
        # numpy scalars warn where compiled code does not; the values are the same.
        with np.errstate(all="ignore"):
            return kernel(*columns, *parameters)
    return kernel(*columns, *parameters)


def _by_runs(
    kernel: Callable[..., Any],
    stamps: tuple[Ints, ...],
    columns: tuple[Floats, ...],
    parameters: tuple[Any, ...],
    floor: float,
) -> Any:
    length = len(columns[0])
    usable = np.ones(length + 2, dtype=np.bool_)
    usable[0] = usable[-1] = False
    for values in columns:
        usable[1:-1] &= np.isfinite(values) & (values > floor)
    edges = np.flatnonzero(usable[1:] != usable[:-1])
    empty = tuple(values[:0] for values in (*stamps, *columns))
    shape = _call(kernel, empty, parameters)
    single = not isinstance(shape, tuple)
    outputs = tuple(np.full(length, np.nan) for _ in range(1 if single else len(shape)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        part = _call(kernel, tuple(values[start:stop] for values in (*stamps, *columns)), parameters)
        for output, piece in zip(outputs, (part,) if single else part, strict=True):
            output[start:stop] = piece
    return outputs[0] if single else outputs
