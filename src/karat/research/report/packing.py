"""Columns and objects as they travel inside the page: small, exact, and unable to end the script that holds them.

A column is base64 of little-endian numbers. Numbers that are decimals of a few places, as prices and volumes are,
travel as whole 32 bit numbers and a divisor when division gives every one of them back to the bit; times as steps from
the first; everything else as float64.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SCALES = tuple(10**power for power in range(9))
_INT32_MAX = 2**31 - 1
_INT8_MAX = 127


def pack(column: NDArray[Any]) -> dict[str, Any]:
    """One column, int or float, without loss; NaN stays NaN. Integers beyond 2**53 are a programmer's error."""
    if np.issubdtype(column.dtype, np.integer) or column.dtype == np.bool_:
        return _pack_integers(column.astype(np.int64))
    values = column.astype(np.float64)
    if len(values) and np.isfinite(values).all() and not np.any(np.signbit(values) & (values == 0.0)):
        for scale in _SCALES:
            scaled = np.rint(values * scale)
            if np.abs(scaled).max() > _INT32_MAX:
                break
            if np.array_equal(scaled / scale, values):
                return {"kind": "i4", "base64": _base64(scaled.astype("<i4")), "scale": scale}
    return {"kind": "f8", "base64": _base64(values.astype("<f8"))}


def pack_drawn(column: NDArray[Any]) -> dict[str, Any]:
    """One column of figures that are only drawn, as float32: seven digits; NaN stays NaN."""
    return {"kind": "f4", "base64": _base64(column.astype("<f4"))}


def pack_all(columns: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Columns by name."""
    return {name: pack(column) for name, column in columns.items()}


def _pack_integers(values: NDArray[np.int64]) -> dict[str, Any]:
    if not len(values):
        return {"kind": "i4", "base64": ""}
    assert np.abs(values).max() < 2**53, "whole numbers in the page fit a double"
    if np.abs(values).max() <= _INT8_MAX:
        return {"kind": "i1", "base64": _base64(values.astype("<i1"))}
    if np.abs(values).max() <= _INT32_MAX:
        return {"kind": "i4", "base64": _base64(values.astype("<i4"))}
    start = int(values[0])
    step = max(int(np.gcd.reduce(values - start)), 1)
    steps = (values - start) // step
    if np.abs(steps).max() <= _INT32_MAX:
        return {"kind": "i4", "base64": _base64(steps.astype("<i4")), "start": start, "step": step}
    return {"kind": "f8", "base64": _base64(values.astype("<f8"))}


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def script_safe(value: Any) -> str:
    """JSON that may stand inside a script element: no `<`, `>` or `&`, so nothing in it can end or open anything."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
