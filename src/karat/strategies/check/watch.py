"""A market that writes down what a strategy asked of it, and, when tracing, what the strategy did with the answers.

1. Every array handed out becomes an `Access`: label, line of the strategy's file, the array itself.
2. A record of several outputs is written down output by output, as they are read, so that an unused one does not count.
3. When tracing, arrays are `Traced`: an array type that also writes down the result of every numpy operation made on
   it. Comparing two such logs names the first operation whose result depends on the future. Tracing serves the
   diagnosis only; a verdict always comes from plain arrays.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.indicators.catalogue import Indicator
from karat.strategies.asking import Arguments
from karat.strategies.market import Market

_FRAMES_MAX = 64  # how far up a call may have come from the strategy's file


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """One thing a strategy asked for, or (kind `operation`) computed. `array` is plain and not to be written to."""

    kind: str
    label: str
    line: int
    array: NDArray[Any]


class Log:
    """Accesses in the order in which they happened. `file` is the strategy's own."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.accesses: list[Access] = []

    def write(self, kind: str, label: str, array: Any) -> None:
        self.accesses.append(Access(kind, label, _line_in(self.file), np.asarray(array)))


class WatchedMarket(Market):
    """A market over the same data, with an empty cache, that writes into `log`."""

    log: Log
    traced: bool

    @classmethod
    def over(cls, market: Market, log: Log, *, traced: bool = False) -> WatchedMarket:
        funding = market.funding if "funding" in market.inputs else None
        watched = cls(market.candles, funding, market.raw_series)
        watched.log, watched.traced = log, traced
        return watched

    def _give(self, label: str, array: Any) -> Any:
        kind = "series" if label.startswith(("series ", "observations ")) else "column"
        return self._noted(kind, label, array)

    def _give_indicator(self, spec: Indicator, arguments: Arguments, of: tuple[Hashable, ...], result: Any) -> Any:
        inside = ["of=..."] if of else []
        inside += [f"{value:g}" for value in arguments]
        label = f"{spec.name}({', '.join(inside)})"
        if isinstance(result, tuple):
            names: tuple[str, ...] = result._fields  # pyright: ignore[reportAttributeAccessIssue]
            return _Record({name: self._reader(f"{label}.{name}", getattr(result, name)) for name in names})
        return self._noted("indicator", label, result)

    def _reader(self, label: str, array: Any) -> Callable[[], Any]:
        return lambda: self._noted("indicator", label, array)

    def _noted(self, kind: str, label: str, array: Any) -> Any:
        self.log.write(kind, label, array)
        return trace(array, self.log) if self.traced else array


class _Record:
    """Stands for a named tuple of outputs; an output is written down when it is read."""

    def __init__(self, readers: dict[str, Callable[[], Any]]) -> None:
        self._readers = readers

    def __getattr__(self, name: str) -> Any:
        if name not in self._readers:
            raise AttributeError(f"there is no output '{name}'; there are {', '.join(self._readers)}")
        return self._readers[name]()

    def __iter__(self) -> Iterator[Any]:
        return (read() for read in self._readers.values())

    def __len__(self) -> int:
        return len(self._readers)

    def __getitem__(self, place: int) -> Any:
        return list(self._readers.values())[place]()


class Traced(np.ndarray[Any, Any]):
    """An array whose numpy operations are written down."""

    log: Log | None = None

    def __array_finalize__(self, source: Any) -> None:
        self.log = getattr(source, "log", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is not None:
            kwargs["out"] = tuple(_plain(one) for one in out)
        result = getattr(ufunc, method)(*(_plain(one) for one in inputs), **kwargs)
        label = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        return self._noted(f"numpy.{label}", result)

    def __array_function__(self, func: Any, _types: Any, args: Any, kwargs: Any) -> Any:
        result = func(*_plain(args), **_plain(kwargs))
        return self._noted(f"numpy.{func.__name__}", result)

    def __getitem__(self, key: Any) -> Any:
        return self._noted("the slice", np.asarray(self)[_plain(key)])

    def _noted(self, label: str, result: Any) -> Any:
        log = self.log
        if log is None or result is None:
            return result
        if isinstance(result, tuple):
            return tuple(self._noted(label, one) for one in result)
        log.write("operation", label, result)
        return trace(result, log) if isinstance(result, np.ndarray) else result


def trace(array: NDArray[Any], log: Log) -> Traced:
    """A traced view of `array`."""
    view = array.view(Traced)
    view.log = log
    return view


def _plain(thing: Any) -> Any:
    if isinstance(thing, Traced):
        return thing.view(np.ndarray)
    if isinstance(thing, (list, tuple)):
        return type(thing)(_plain(one) for one in thing)
    if isinstance(thing, dict):
        return {key: _plain(value) for key, value in thing.items()}
    return thing


def _line_in(file: str) -> int:
    """The line of `file` that is running, 0 when none is."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    for _ in range(_FRAMES_MAX):
        if frame.f_code.co_filename == file:
            return frame.f_lineno
        if frame.f_back is None:
            break
        frame = frame.f_back
    return 0
