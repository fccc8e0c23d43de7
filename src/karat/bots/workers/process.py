"""The process of a worker as its parent sees it: started bare, asked with a deadline, ended for certain.

1. It is a new interpreter, not a fork: it inherits no socket, no lock and no secret. Its environment is what numbers
   depend on and nothing else. It leads a session of its own, so a key pressed at the terminal does not reach it and
   what it starts ends with it.
2. What it prints is read while it is waited for, and the last of it is kept to say why it ended.
3. Ended means killed and waited for: no zombie stays. That also happens when the object is forgotten.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from karat.bots.workers.memory import Table
from karat.bots.workers.settings import WorkerSettings
from karat.bots.workers.wire import LENGTH, WHERE_SIGNAL, Garbled, framed, length_of
from karat.core.compiled import kernel_cache_dir

_PASSED = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "KARAT_PLAIN", "PATH", "TMPDIR", "TZ")
_PASSED_PREFIXES = ("MKL_", "NPY_", "NUMBA_", "OMP_", "OPENBLAS_")  # they decide how numbers are computed
_WHERE_SECONDS = 0.5
_CHUNK_BYTES = 65_536
_TELL_CHARACTERS = 300


class Overran(Exception):
    """No answer came in time."""


class Died(Exception):
    """The process ended by itself."""


class WorkerProcess:
    """One running worker, used by one thread at a time; `kill` alone may come from another. Raises OSError where this
    machine has no room for a process."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._output_bytes_max = settings.output_bytes_max
        self._output = b""
        self._generations: dict[int, int] = {}
        self._channel, theirs = socket.socketpair()
        life, self._life = os.pipe()
        command = [sys.executable, "-P", "-u", "-m", "karat.bots.workers.child", str(theirs.fileno()), str(life)]
        try:
            self._process = subprocess.Popen(
                command, env=environment(), cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, pass_fds=(theirs.fileno(), life), start_new_session=True, bufsize=0,
            )  # fmt: skip
        except OSError:
            self._channel.close()
            os.close(self._life)
            raise
        finally:
            theirs.close()
            os.close(life)
        assert self._process.stdout is not None, "it was asked for"
        self._printed = self._process.stdout
        self._waiting = select.poll()
        for one in (self._channel, self._printed):
            self._waiting.register(one, select.POLLIN)
        self.end = weakref.finalize(self, _end, self._process, self._channel, self._life)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def show(self, table: Table) -> None:
        """Let the worker map `table` where it lies now. Raises Died."""
        if self._generations.get(table.number) == table.generation:
            return
        segment = table.segment
        told = {"do": "map", "table": table.number, "kinds": segment.kinds, "capacity": segment.capacity}
        self._send(told, [segment.descriptor])
        self._generations[table.number] = table.generation

    def ask(self, asked: Mapping[str, Any], seconds: float) -> bytes:
        """Its answer. Raises Overran, Died or Garbled; the process is then of no further use."""
        return next(self.answers(asked, seconds))

    def answers(self, asked: Mapping[str, Any], seconds: float) -> Iterator[bytes]:
        """Its answers, as many as are taken, all of them within `seconds`. Raises as `ask`."""
        self._refuse_unasked()
        until = time.monotonic() + seconds
        self._send(asked, [])
        while True:
            head = self._read(LENGTH.size, until)
            yield self._read(length_of(head), until)

    def whereabouts(self, file: Path) -> str:
        """The line of `file` that is running just now, as `name.py:7`; empty when that cannot be told. What it
        printed before is forgotten."""
        self._output = b""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, WHERE_SIGNAL)
        until = time.monotonic() + _WHERE_SECONDS
        pattern = re.compile(rf'File "{re.escape(str(file))}", line (\d+)'.encode())
        while time.monotonic() < until:
            if self._waiting_for(until):
                self._drain()
            found = pattern.findall(self._output)
            if found:
                return f"{file.name}:{found[0].decode()}"
        return ""

    def ending(self) -> str:
        """How it ended, for a person: its exit status and the last that it printed."""
        try:
            status = self._process.wait(_WHERE_SECONDS)
        except subprocess.TimeoutExpired:
            return f"closed its channel{self.last_words()}"
        self._drain()
        how = f"exit status {status}"
        if status < 0:
            how = "SIGKILL, from outside or because this machine ran out of memory"
            if status != -signal.SIGKILL:
                how = signal.Signals(-status).name
        return f"{how}{self.last_words()}"

    def last_words(self) -> str:
        """The end of what it printed, in one line with the words before it; empty when it printed nothing."""
        text = " ".join(self._output.decode(errors="replace").split())
        return f"; it last printed: {text[-_TELL_CHARACTERS:]}" if text else ""

    def kill(self) -> None:
        """Kill it at once; whoever waits for it meets its end."""
        if self.alive:
            _kill(self.pid)

    def _refuse_unasked(self) -> None:
        """Raises Garbled when an answer is there before the question, Died when there will be none."""
        try:
            unasked = self._channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError as error:
            raise Died from error
        if unasked:
            raise Garbled("before it was asked")
        raise Died

    def _send(self, asked: Mapping[str, Any], descriptors: list[int]) -> None:
        payload = framed(json.dumps(asked).encode())
        try:
            sent = socket.send_fds(self._channel, [payload], descriptors)
            self._channel.sendall(payload[sent:])
        except OSError as error:
            raise Died from error

    def _read(self, size: int, until: float) -> bytes:
        got = b""
        while len(got) < size:
            ready = self._waiting_for(until)
            if not ready and time.monotonic() >= until:
                raise Overran
            if self._printed.fileno() in ready:
                self._drain()
            if self._channel.fileno() in ready:
                try:
                    more = self._channel.recv(size - len(got))
                except OSError as error:
                    raise Died from error
                if not more:
                    raise Died
                got += more
        return got

    def _waiting_for(self, until: float) -> set[int]:
        left_ms = max(0.0, 1e3 * (until - time.monotonic()))
        return {descriptor for descriptor, _ in self._waiting.poll(min(left_ms, 1e3))}

    def _drain(self) -> None:
        """Keep the end of what waits on its output, and stop listening where that has ended."""
        waits = select.poll()
        waits.register(self._printed, select.POLLIN)
        if not waits.poll(0):
            return
        more = self._printed.read(_CHUNK_BYTES)
        if more:
            self._output = (self._output + more)[-self._output_bytes_max :]
        else:
            with contextlib.suppress(KeyError):
                self._waiting.unregister(self._printed)


def environment() -> dict[str, str]:
    """What a worker gets of this process' environment: enough to find Karat and to compute the same numbers."""
    passed = {name: value for name, value in os.environ.items() if name in _PASSED or name.startswith(_PASSED_PREFIXES)}
    path = os.pathsep.join(str(Path(one).resolve()) for one in sys.path)
    return {**passed, "PYTHONPATH": path, "KARAT_KERNEL_CACHE": str(kernel_cache_dir().parent)}


def _kill(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes], channel: socket.socket, life: int) -> None:
    """Kill the worker and all that it started, and wait for it."""
    if process.poll() is None:
        _kill(process.pid)
        process.wait()
    channel.close()
    os.close(life)
    assert process.stdout is not None, "it was asked for"
    process.stdout.close()
