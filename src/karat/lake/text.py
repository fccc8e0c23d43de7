"""Text on disk: the UTF-8 bytes of all rows one after another, and where each row's bytes end.

Ends are cumulative over the whole series, so that rows can be added without touching those before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.model.candles import Ints

Bytes = NDArray[np.uint8]
_ERRORS = "surrogatepass"  # headlines hold halves of surrogate pairs; what came in must come out


@dataclass(frozen=True, slots=True)
class PackedText:
    """Rows of text as `lengths` in bytes (int64) and their `content` (uint8), of one series or a part of it."""

    lengths: Ints
    content: Bytes

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, rows: slice) -> PackedText:
        begin, end, _ = rows.indices(len(self))
        before = int(self.lengths[:begin].sum())
        return PackedText(self.lengths[begin:end], self.content[before : before + int(self.lengths[begin:end].sum())])


def pack(rows: Iterable[str]) -> PackedText:
    """Encode rows of text."""
    encoded = [row.encode("utf-8", _ERRORS) for row in rows]
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    return PackedText(lengths, np.frombuffer(b"".join(encoded), np.uint8))


def unpack(packed: PackedText) -> NDArray[Any]:
    """The rows as a read-only object array of str."""
    content, ends = packed.content.tobytes(), np.cumsum(packed.lengths)
    begins = (ends - packed.lengths).tolist()
    pairs = zip(begins, ends.tolist(), strict=True)
    rows = np.empty(len(packed), object)
    if content.isascii():  # then bytes and characters are numbered alike, and one decoding does for all
        whole = content.decode("ascii")
        rows[:] = [whole[begin:end] for begin, end in pairs]
    else:
        rows[:] = [content[begin:end].decode("utf-8", _ERRORS) for begin, end in pairs]
    rows.flags.writeable = False
    return rows
