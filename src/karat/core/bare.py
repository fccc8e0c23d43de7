"""Columns as addresses: what a compiled path that reads many of them reads them through.

`bare(array)` inside compiled code is the address of the array's first element, read as `column[index]`: one number
instead of the seven of an array, and no index that counts from the end. A path that reads twenty columns an event runs
a seventh faster for it. The array must outlive it: the caller of the compiled function holds it. Uncompiled, and in the
plain twin, `bare(array)` is the array itself.
"""

from __future__ import annotations

from typing import Any

from numba.core import types
from numba.extending import intrinsic, overload


def bare(column: Any) -> Any:
    """The column as it stands; compiled code gets its address. One dimension, contiguous."""
    return column


@intrinsic
def _address(_typing: Any, column: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    # A truth is stored as a byte, and a pointer is read as it is stored.
    element = types.uint8 if column.dtype == types.boolean else column.dtype
    return types.CPointer(element)(column), build


@overload(bare, strict=False, jit_options={"forceinline": True})
def _bare_of_array(column: Any) -> Any:
    if isinstance(column, types.Array) and column.ndim == 1 and column.layout == "C":

        def build(column: Any) -> Any:
            address: Any = _address  # numba supplies its first argument
            return address(column)

        return build
    return None
