"""The one door to compilation.

1. `@compiled`, `@borrowing` and `@inlined` are `numba.njit` with the flags that keep results reproducible: no fastmath,
   no parallel reduction, numpy division, and the interpreter lock released, so that a sweep runs on threads.
2. numba does not notice that a callee in another file changed. The cache folder is therefore keyed by a hash of every
   source file that holds compiled code: a changed kernel gets an empty cache, never a stale one.
3. With KARAT_PLAIN=1 the decorator returns the function as it is. The same source then runs uncompiled: the plain twin
   that the test suites run beside the compiled one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.extending import register_jitable

from karat.core.home import karat_home

F = TypeVar("F", bound=Callable[..., Any])

PLAIN = os.environ.get("KARAT_PLAIN") == "1"
_COMPILED_ROOMS = (
    "bars",
    "core/compiled.py",
    "core/calc",
    "core/indicators",
    "kernel",
    "stats",
    "strategies/compiled_signals.py",
)


def kernel_sources_hash() -> str:
    """First 16 hex digits of the SHA-256 over the sources that hold compiled code."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for room in _COMPILED_ROOMS:
        base = package / room
        files = [base] if base.is_file() else sorted(base.rglob("*.py"))
        for file in files:
            digest.update(file.relative_to(package).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def kernel_cache_dir() -> Path:
    """Folder of the compiled kernels for these sources. KARAT_KERNEL_CACHE moves the parent (tests share one)."""
    parent = os.environ.get("KARAT_KERNEL_CACHE")
    base = Path(parent) if parent else karat_home() / "cache" / "kernels"
    return base / kernel_sources_hash()


if not PLAIN:
    _config: Any = import_module("numba.core.config")
    _config.CACHE_DIR = str(kernel_cache_dir())
    _config.DISABLE_INTEL_SVML = True  # its vectorised logarithms differ from the plain ones in the last bit


def compiled(function: F) -> F:
    """Compile `function` lazily, cached on disk, without the interpreter lock. See the module docstring."""
    if PLAIN:
        return function
    return cast(F, numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")(function))


def borrowing(function: F) -> F:
    """`compiled` for a step that allocates no array and returns none: it borrows those of its caller.

    numba else counts a reference to each array of a record wherever the record goes, with atomic instructions: they had
    cost more than what a fill does.
    """
    if PLAIN:
        return function
    jit: Any = numba.njit  # its stub does not know the option, which numba documents for extensions
    return cast(F, jit(cache=True, nogil=True, fastmath=False, error_model="numpy", _nrt=False)(function))


def inlined(function: F) -> F:
    """A small step that is copied into each compiled caller, so that its records stay in registers.

    Handing a hundred numbers to a step through memory had cost more than the step (a sweep ran 2.4 times slower).
    Like a `borrowing` step it allocates no array and returns none.
    Called from Python it is the function as it stands: the same source, uncompiled.
    """
    if PLAIN:
        return function
    register: Any = register_jitable  # its stub knows no options
    step = register(
        nogil=True,
        fastmath=False,
        error_model="numpy",
        _nrt=False,
        forceinline=True,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
    )
    return cast(F, step(function))
