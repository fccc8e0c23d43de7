"""The worker: one strategy's code, in a process that has nothing else.

1. It starts with two descriptors, a channel to its parent and the end of a pipe that the parent holds open. When that
   pipe ends the parent is gone, and so is the worker: the kernel kills it, whatever it is computing.
2. Its parent names the strategy's file or module and the hash of its code. Other code is refused.
3. Asked, it builds the market over the parent's memory, read-only, calls `evaluate` and answers the last row, or all.
"""

from __future__ import annotations

import faulthandler
import fcntl
import json
import math
import mmap
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

from numpy.typing import NDArray

from karat.bots.workers.memory import CELL_BYTES, columns_of
from karat.bots.workers.wire import LENGTH, READY, ROWS_MAX, WHERE_SIGNAL, error_told, framed, last_row, rows_told
from karat.core.errors import InputError, KaratError
from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Funding, Series
from karat.core.model.signals import Signals
from karat.strategies import Market, Strategy, Values, code_hash, evaluate
from karat.strategies.evaluation import failure
from karat.strategies.loading import load_file, strategies_of


class Worker:
    """What a worker knows: the strategy, the tables it has mapped, the market it was last asked about."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._strategy: Strategy | None = None
        self._tables: dict[int, tuple[NDArray[Any], ...]] = {}
        self._market: tuple[tuple[int, int], Market] | None = None

    def serve(self) -> None:
        """Answer until the parent closes the channel."""
        while True:
            head, descriptors, _, _ = socket.recv_fds(self._channel, LENGTH.size, 1)
            if len(head) < LENGTH.size:
                return
            (length,) = LENGTH.unpack(head)
            asked = json.loads(self._channel.recv(length, socket.MSG_WAITALL))
            if asked["do"] == "map":
                self._map(asked, descriptors[0])
            else:
                for payload in self._answers(asked):
                    self._channel.sendall(framed(payload))

    def _map(self, asked: dict[str, Any], descriptor: int) -> None:
        kinds, capacity = asked["kinds"], asked["capacity"]
        mapped = mmap.mmap(descriptor, len(kinds) * capacity * CELL_BYTES, prot=mmap.PROT_READ)
        os.close(descriptor)
        self._tables[asked["table"]] = columns_of(mapped, kinds, capacity)
        self._market = None

    def _answers(self, asked: dict[str, Any]) -> Iterator[bytes]:
        try:
            if asked["do"] == "load":
                self._strategy = _loaded(asked)
                _bound_memory(asked["memory_bytes_max"])
                yield READY
                return
            assert self._strategy is not None, "a worker loads before it is asked"
            said = evaluate(self._strategy, self._market_of(asked), Values(asked["values"]))
            if asked["do"] == "say":
                yield _refused_row(self._strategy, said) or last_row(said)
                return
            bars = len(said.entry)
            for first in range(0, bars, ROWS_MAX):
                yield rows_told(said, first, min(first + ROWS_MAX, bars))
        except KaratError as error:
            yield error_told(_code_of(error), error.message, error.hint)
        except MemoryError as error:
            yield error_told("strategy_memory", f"The strategy ran out of memory: {error}", "")
        except BaseException as error:  # noqa: BLE001 - a strategy may raise SystemExit; its parent ends the worker
            told = failure(self._strategy, error) if self._strategy else InputError("strategy_failed", repr(error))
            yield error_told("strategy_failed", told.message, told.hint)

    def _market_of(self, asked: dict[str, Any]) -> Market:
        """The market as it stands: one object, with one cache of indicators, for all parameters asked at a bar."""
        number, bars = asked["candles"]
        key = (number, bars)
        if self._market is None or self._market[0] != key:
            candles = Candles(
                MarketId(asked["market"]), asked["timeframe_ms"], *(column[:bars] for column in self._tables[number])
            )
            funding = None
            if asked["funding"] is not None:
                table, stamps = asked["funding"]
                funding = Funding(*(column[:stamps] for column in self._tables[table]))
            series = [
                Series(name, *(column[:known] for column in self._tables[table]), is_deadline)
                for name, table, known, is_deadline in asked["series"]
            ]
            self._market = (key, Market(candles, funding, series))
        return self._market[1]


def _loaded(asked: dict[str, Any]) -> Strategy:
    """The strategy that the parent means. Raises InputError `broken_strategy_file` or `strategy_changed`."""
    name = asked["name"]
    found = load_file(Path(asked["file"])) if asked["file"] else strategies_of(import_module(asked["module"]))
    for strategy in found:
        if strategy.name == name and code_hash(strategy) == asked["code_hash"]:
            return strategy
    raise InputError(
        "strategy_changed",
        f"The code of {name} is not what it was when its bot began.",
        "Put the old code back, or create a new bot.",
    )


def _bound_memory(extra_bytes: int) -> None:
    """Let this process map `extra_bytes` more than now. Systems that do not tell what is mapped set no bound."""
    told = Path("/proc/self/statm")
    if told.is_file():
        bound = int(told.read_text().split()[0]) * resource.getpagesize() + extra_bytes
        resource.setrlimit(resource.RLIMIT_AS, (bound, bound))


def _refused_row(strategy: Strategy, said: Signals) -> bytes | None:
    """An entry whose confidence is not a number is refused by every backtest (rule 6). A bot stops for it: what asks to
    enter and cannot say how surely is broken."""
    if not said.entry[-1] or not math.isnan(said.confidence[-1]):
        return None
    return error_told(
        "strategy_garbled",
        f"{strategy.name} asks to enter with a confidence that is not a number.",
        "Give no entry where the confidence is undefined.",
    )


def _code_of(error: KaratError) -> str:
    if isinstance(error.__cause__, MemoryError):
        return "strategy_memory"
    return "strategy_garbled" if error.code == "bad_signals" else error.code


def _die_with_parent(life: int) -> None:
    """End this process when the pipe of `life` ends. The kernel sees to it, because a loop in compiled code lets no
    Python thread run; a thread does where the kernel cannot."""
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
    Thread(target=_watch, args=(life,), daemon=True).start()


def _watch(life: int) -> None:
    ends = select.poll()
    ends.register(life, select.POLLIN)
    ends.poll()  # nothing is ever written: readable means that it has ended
    os._exit(1)


def main() -> None:
    """Run a worker on the descriptors named on the command line."""
    channel, life = (int(text) for text in sys.argv[1:])
    _die_with_parent(life)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.register(WHERE_SIGNAL, all_threads=False)
    Worker(socket.socket(fileno=channel)).serve()


if __name__ == "__main__":
    main()
