"""What parent and worker say to each other: frames, each of a length and its bytes.

1. The parent sends JSON; a frame that brings a table also carries the file descriptor of its memory.
2. The worker answers with one byte that names the kind, then a row of signals or an error as JSON. Nothing that comes
   from a worker is ever unpickled or run: what is not exactly an answer is `Garbled`.
"""

from __future__ import annotations

import json
import math
import signal
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from karat.core.model.signals import Signals

LENGTH = struct.Struct("<I")
FRAME_BYTES_MAX = 65_536
READY, ROW, ERROR = b"k", b"r", b"e"
WHERE_SIGNAL = signal.SIGUSR1  # asks where a strategy is just now; answered on stderr, whatever it is doing
OPTIONAL = ("stop", "take", "size_scale", "leverage", "target")
_ROW = struct.Struct("<bBBd5B5d")  # entry, exit_long, exit_short, confidence; which optional ones are there; they
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
    columns = [getattr(signals, name) for name in OPTIONAL]
    return ROW + _ROW.pack(
        int(signals.entry[-1]), int(signals.exit_long[-1]), int(signals.exit_short[-1]), float(signals.confidence[-1]),
        *(int(column is not None) for column in columns),
        *(0.0 if column is None else float(column[-1]) for column in columns),
    )  # fmt: skip


def signals_of_row(answer: bytes) -> Signals:
    """Signals of one bar, read-only. Raises Garbled for what no strategy may say (simulation.md, rules 5 and 6)."""
    if answer[:1] != ROW or len(answer) != 1 + _ROW.size:
        raise Garbled(f"{len(answer)} bytes that are no row of signals")
    entry, exit_long, exit_short, confidence, *rest = _ROW.unpack(answer[1:])
    there, values = rest[: len(OPTIONAL)], rest[len(OPTIONAL) :]
    if entry not in (-1, 0, 1) or any(flag > 1 for flag in (exit_long, exit_short, *there)):
        raise Garbled("an entry or an exit that is none")
    optional = {name: value for name, flag, value in zip(OPTIONAL, there, values, strict=True) if flag}
    target = optional.get("target", 0.0)
    if confidence < 0.0 or confidence > 1.0 or target < -1.0 or target > 1.0:
        raise Garbled("a confidence outside [0, 1] or a target outside [-1, 1]")
    if "target" in optional and (entry or exit_long or exit_short):
        raise Garbled("a target together with an entry or an exit")
    if entry and math.isnan(confidence):
        raise Garbled("an entry whose confidence is not a number")
    columns: dict[str, Any] = {
        "entry": np.array([entry], np.int8),
        "exit_long": np.array([exit_long], np.bool_),
        "exit_short": np.array([exit_short], np.bool_),
        "confidence": np.array([confidence]),
        **{name: np.array([value]) for name, value in optional.items()},
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
