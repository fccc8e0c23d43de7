"""The indicator cache of one market: computed once per argument set, shared by all variants, bounded in bytes.

1. Reading takes no lock: a dictionary look-up is atomic, and a result never changes once it is kept.
2. Two threads that miss at once both compute; results are equal to the bit, and the first one kept is the one returned.
3. Over the bound the oldest results go first. What a caller still holds stays valid; it is merely computed again.
4. An array the cache handed out is known by its label, so asking for an indicator of it costs no hashing. The label
   goes before the array does, therefore a new array at the same address is never mistaken for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray


class ArrayCache:
    """Results by key. A result is an array or a named tuple of arrays; all of them are made read-only.

    `pinned` are the arrays that live as long as the cache, by the label they are known by.
    """

    def __init__(self, bytes_max: int, pinned: Mapping[str, NDArray[Any]]) -> None:
        self._bytes_max = bytes_max
        self._pinned = tuple(pinned.values())
        self._bytes = 0
        self._results: dict[Hashable, Any] = {}
        self._arrays: dict[Hashable, tuple[NDArray[Any], ...]] = {}
        self._labels: dict[int, Hashable] = {id(array): label for label, array in pinned.items()}
        self._lock = Lock()
        self.get = self._results.get

    def __len__(self) -> int:
        return len(self._results)

    def label(self, array: NDArray[Any]) -> Hashable:
        """What `array` is known by: its label, else a hash of its content."""
        known = self._labels.get(id(array))
        return hashlib.sha256(array.tobytes()).hexdigest() if known is None else known

    def keep(self, key: Hashable, result: Any, arrays: Sequence[NDArray[Any]]) -> Any:
        """Keep `result`, made of `arrays`, under `key`; returns what is kept, which may be an equal, earlier result."""
        for array in arrays:
            array.flags.writeable = False
        with self._lock:
            if key in self._results:
                return self._results[key]
            self._arrays[key] = tuple(arrays)
            for place, array in enumerate(arrays):
                self._bytes += array.nbytes
                self._labels[id(array)] = (key, place)
            self._results[key] = result
            while self._bytes > self._bytes_max and len(self._results) > 1:
                self._drop_oldest()
            return result

    def _drop_oldest(self) -> None:
        key = next(iter(self._results))
        for array in self._arrays[key]:
            self._labels.pop(id(array), None)
            self._bytes -= array.nbytes
        del self._results[key], self._arrays[key]


def float_column(array: NDArray[Any], bars: int) -> NDArray[np.float64]:
    """`array` as a contiguous float64 column of `bars` elements. Raises ValueError when it has another length."""
    column = np.ascontiguousarray(array, np.float64)
    if column.shape != (bars,):
        raise ValueError(f"an indicator needs one value per bar: {bars} bars, but the array has shape {array.shape}")
    return column
