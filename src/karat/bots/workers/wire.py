"""What parent and worker say to each other: frames, each of a length and its bytes.

1. The parent sends JSON; a frame that brings a table also carries the file descriptor of its memory.
2. The worker answers with one byte that names the kind, then a row of signals or an error as JSON; asked for all rows
   it answers in as many frames as they need. Nothing that comes from a worker is ever unpickled or run: what is not
   exactly an answer is `Garbled`.
"""

from __future__ import annotations

import json
import math
import signal
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.model.signals import Signals

LENGTH = struct.Struct("<I")
FRAME_BYTES_MAX = 65_536
READY, ROW, ERROR = b"k", b"r", b"e"
WHERE_SIGNAL = signal.SIGUSR1  # asks where a strategy is just now; answered on stderr, whatever it is doing
OPTIONAL = ("stop", "take", "size_scale", "leverage", "target")
ALWAYS = ("entry", "exit_long", "exit_short", "confidence")
_ROW = np.dtype(
    [
        ("entry", "i1"),
        ("exit_long", "u1"),
        ("exit_short", "u1"),
        ("confidence", "<f8"),
        ("there", "u1", 5),
        ("values", "<f8", 5),
    ]
)  # which of OPTIONAL are there; they
ROWS_MAX = (FRAME_BYTES_MAX - 1) // _ROW.itemsize
Rows = NDArray[np.void]
_TEXT_MAX = 4_000


class Garbled(Exception):
    """A worker answered what is no answer."""


def framed(payload: bytes) -> bytes:
    assert len(payload) <= FRAME_BYTES_MAX, "a frame has a bound"
    return LENGTH.pack(len(payload)) + payload


def length_of(head: bytes) -> int:
    """How long the frame is whose first bytes are `head`. Raises Garbled."""
    (length,) = LENGTH.unpack(head)
    if not 0 < length <= FRAME_BYTES_MAX:
        raise Garbled(f"an answer of {length:,} bytes")
    return length


def last_row(signals: Signals) -> bytes:
    """The last row of `signals`, bit for bit."""
    return rows_told(signals, len(signals.entry) - 1, len(signals.entry))


def rows_told(signals: Signals, first: int, stop: int) -> bytes:
    """Rows `first` to `stop - 1` of `signals`, bit for bit; at most ROWS_MAX, which one frame holds."""
    rows = np.zeros(stop - first, _ROW)
    for name in ALWAYS:
        rows[name] = getattr(signals, name)[first:stop]
    for place, name in enumerate(OPTIONAL):
        column = getattr(signals, name)
        if column is not None:
            rows["there"][:, place] = 1
            rows["values"][:, place] = column[first:stop]
    return ROW + rows.tobytes()


def rows_of(answer: bytes) -> Rows:
    """The rows of one frame, as they came. Raises Garbled."""
    count, rest = divmod(len(answer) - 1, _ROW.itemsize)
    if answer[:1] != ROW or rest or count < 1:
        raise Garbled(f"{len(answer)} bytes that are no row of signals")
    return np.frombuffer(answer, _ROW, count, 1)


def signals_of_row(answer: bytes) -> Signals:
    """Signals of one bar, read-only. Raises Garbled for what no strategy may say (simulation.md, rules 5 and 6)."""
    rows = rows_of(answer)
    if len(rows) != 1:
        raise Garbled(f"{len(rows)} rows of signals")
    said = signals_of_rows(rows)
    if said.entry[0] and math.isnan(said.confidence[0]):
        raise Garbled("an entry whose confidence is not a number")
    return said


def signals_of_rows(rows: Rows) -> Signals:
    """Signals of as many bars, read-only. An entry whose confidence is not a number is let through: a backtest refuses
    it. Raises Garbled for what no strategy may say."""
    there, first = rows["there"], rows["there"][0]
    flags = rows["exit_long"] | rows["exit_short"]
    if (abs(rows["entry"].astype(np.int16)) > 1).any() or (flags > 1).any() or (there > 1).any():
        raise Garbled("an entry or an exit that is none")
    if (there != first).any():
        raise Garbled("a column that some rows have and others have not")
    optional = {name: rows["values"][:, place].copy() for place, name in enumerate(OPTIONAL) if first[place]}
    target, confidence = optional.get("target"), rows["confidence"]
    wild = target is not None and (abs(target) > 1.0).any()
    if wild or (confidence < 0.0).any() or (confidence > 1.0).any():
        raise Garbled("a confidence outside [0, 1] or a target outside [-1, 1]")
    if target is not None and (rows["entry"].any() or flags.any()):
        raise Garbled("a target together with an entry or an exit")
    columns: dict[str, Any] = {
        "entry": rows["entry"].copy(),
        "exit_long": rows["exit_long"].astype(np.bool_),
        "exit_short": rows["exit_short"].astype(np.bool_),
        "confidence": confidence.copy(),
        **optional,
    }
    for column in columns.values():
        column.flags.writeable = False
    return Signals(**columns)


def error_told(code: str, message: str, hint: str) -> bytes:
    told = {"code": code, "message": message[:_TEXT_MAX], "hint": hint[:_TEXT_MAX]}
    return ERROR + json.dumps(told).encode()


def error_read(answer: bytes) -> Mapping[str, str]:
    """`code`, `message` and `hint`. Raises Garbled."""
    try:
        told = json.loads(answer[1:])
    except ValueError as error:
        raise Garbled("an error that cannot be read") from error
    names = ("code", "message", "hint")
    if not isinstance(told, dict) or any(not isinstance(told.get(name), str) for name in names):
        raise Garbled("an error that says nothing")
    return {name: told[name] for name in names}
