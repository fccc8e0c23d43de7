"""The emergency journal: a small file with its space taken beforehand, so that a full disk finds room in it.

It holds orders that left while the journal itself could not be written (`karat.ports.emergency`), one in a line:

    checksum of the rest, eight hexadecimal digits | the order as JSON

A line that a crash tore off is the last one; its order has not left, so it does not count. A damaged line with whole
ones behind it was not torn, it has changed since: then a person has to look.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from karat.core.errors import NeedsOperator, RetryLater
from karat.core.ids import BotId
from karat.journal.codec import encoded
from karat.journal.trading_codec import ORDER_COLUMNS, READ_FILL, READ_ORDER, order_row, orders_from
from karat.ports.trading import OrderRecord

ROOM_BYTES = 256 * 1024  # some 400 orders: stops and closings of one outage
_NO_FILL = (None,) * len(READ_FILL)
_CHECK = 9  # bytes of the checksum and the blank behind it


class EmergencyFile:
    """Satisfies `karat.ports.emergency.EmergencyJournal` for the journal of number `origin`, in `folder`. Raises
    RetryLater `emergency_busy` where the space cannot be taken, NeedsOperator `emergency_damaged`."""

    def __init__(self, folder: Path, origin: int) -> None:
        self.path = folder / f"emergency-{origin}.log"
        self.name = self.path.name
        self._used = 0
        with self._disk():
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            os.posix_fallocate(self._file, 0, ROOM_BYTES)
        self._orders = self._read()
        if not self._orders:
            self._wipe(ROOM_BYTES)

    def keep(self, orders: Sequence[OrderRecord]) -> None:
        """Force `orders` to the disk."""
        text = b"".join(_line(one) for one in orders)
        if self._used + len(text) >= ROOM_BYTES:
            raise RetryLater("emergency_busy", f"{self.name} is full.", "Free the disk.")
        with self._disk():
            _write(self._file, text, self._used)
            os.fdatasync(self._file)
        self._used += len(text)
        self._orders |= {one.order.id: one for one in orders}

    def kept(self) -> tuple[OrderRecord, ...]:
        """What is kept, each order as it was kept last."""
        return tuple(self._orders.values())

    def clear(self) -> None:
        """Begin anew."""
        self._wipe(self._used)
        self._orders = {}

    def close(self) -> None:
        os.close(self._file)

    def _wipe(self, size: int) -> None:
        with self._disk():
            _write(self._file, bytes(size), 0)
            os.fdatasync(self._file)
        self._used = 0

    def _read(self) -> dict[str, OrderRecord]:
        with self._disk():
            whole = os.pread(self._file, ROOM_BYTES, 0)
        *lines, _ = whole.split(b"\0", 1)[0].split(b"\n")  # behind the last end of a line: torn off, or nothing
        found = [_order(line) for line in lines]
        whole_ones = [one for one in found if one is not None]
        if found[: len(whole_ones)] != whole_ones:
            hint = "Compare the venue's orders with the journal's, then move the file away."
            raise NeedsOperator("emergency_damaged", f"{self.name} is damaged.", hint)
        self._used = sum(len(line) + 1 for line in lines[: len(whole_ones)])
        return {one.order.id: one for one in whole_ones}

    @contextmanager
    def _disk(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            message = f"{self.name} cannot be written: {error.strerror}."
            raise RetryLater("emergency_busy", message, "Free the disk.") from error


def _write(file: int, text: bytes, at: int) -> None:
    """All of `text`: the system may take a part of it."""
    while text:
        written = os.pwrite(file, text, at)
        text, at = text[written:], at + written


def _line(record: OrderRecord) -> bytes:
    row = dict(zip(ORDER_COLUMNS, order_row(0, record), strict=True))
    told = {"of": record.bot, **{name: row[name] for name in READ_ORDER}}
    text = encoded(told).encode()
    return f"{zlib.crc32(text):08x} ".encode() + text + b"\n"


def _order(line: bytes) -> OrderRecord | None:
    """None: damaged."""
    check, text = line[:_CHECK], line[_CHECK:]
    if check != f"{zlib.crc32(text):08x} ".encode():
        return None
    told: dict[str, Any] = json.loads(text)
    cells = (BotId(told["of"]), *(told[name] for name in READ_ORDER), *_NO_FILL)
    return orders_from([cells])[0]
