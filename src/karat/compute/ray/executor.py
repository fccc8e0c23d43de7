"""Chunks as Ray's tasks. Retries are made here and not by Ray, so that they are bounded and can be counted.

1. What is shared is put into the object store once; a task names it. Workers of one machine read the same pages.
2. A task is one chunk on one core. A few more than there are cores are asked for, so that no worker waits.
3. A lost worker costs the chunks it had not finished: they are asked for again. A chunk that loses its worker time and
   again is given up, because it is probably what kills them.
4. When the head is gone, or no core is left for a minute, the cluster is lost: what has come is with the caller.
"""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from karat.compute.ray.worker import Refused, run_chunk
from karat.core.errors import NeedsOperator, RetryLater
from karat.ports.executor import Prepare

TRIES_MAX = 3
_AHEAD = 2  # chunks per core that are asked for
_LOOK_EVERY_S = 2.0
_NO_CORE_S = 60.0  # so long a cluster may be without workers: nodes are being replaced
_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Head:
    """The process that leads a cluster. `address` is host:port where this process may ask whether it is there; None
    where the connection itself says when it is not."""

    name: str
    address: str | None


@dataclass(frozen=True, slots=True)
class _Flight:
    place: int
    chunk: Any
    tries: int


class RayExecutor:
    """A connected cluster. `lost` counts the chunks that were asked for again because their worker was lost."""

    def __init__(self, ray: Any, head: Head) -> None:
        self._ray = ray
        self._head = head
        self.lost = 0

    @property
    def name(self) -> str:
        return self._head.name

    @contextmanager
    def crew(self, prepare: Prepare, shared: Any) -> Generator[RayCrew]:
        """See `ports.executor`."""
        with self.watched():
            self.look()
            held = self._ray.put(shared)
            task = self._ray.remote(num_cpus=1, max_retries=0)(run_chunk)
        key = uuid.uuid4().hex
        yield RayCrew(self, self._ray, lambda chunk: task.remote(key, prepare, [held], chunk))

    def cores(self) -> int:
        """The cores of all nodes that live. Raises RetryLater `cluster_lost`."""
        self.look()
        return int(self._ray.cluster_resources().get("CPU", 0))

    def look(self) -> None:
        """Raises RetryLater `cluster_lost` when the head is gone. A call to Ray would wait for it for a minute and then
        end this process."""
        if self._head.address is None:
            return
        host, _, port = self._head.address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), _CONNECT_S).close()
        except OSError as error:
            raise self.gone(error) from error

    @contextmanager
    def watched(self) -> Generator[None]:
        """Translates the loss of the cluster."""
        try:
            yield
        except Exception as error:
            if not self._means_loss(error):
                raise
            raise self.gone(error) from error

    def _means_loss(self, error: Exception) -> bool:
        """Ray's client says with a bare Exception that nobody answers its requests any more."""
        import grpc

        errors = self._ray.exceptions
        lost = (ConnectionError, grpc.RpcError, errors.LocalRayletDiedError, errors.RaySystemError, errors.RpcError)
        return type(error) is Exception or isinstance(error, lost)

    def gone(self, error: BaseException | None = None) -> RetryLater:
        """The error that a lost cluster means."""
        hint = "What was done is kept: the same command goes on, with this cluster, another, or without --cluster."
        why = "" if error is None else f" ({type(error).__name__})"
        return RetryLater("cluster_lost", f"The cluster {self.name} is lost{why}.", hint)


class RayCrew:
    """See `ports.executor.Crew`."""

    def __init__(self, executor: RayExecutor, ray: Any, ask: Any) -> None:
        self._executor = executor
        self._ray = ray
        self._ask = ask
        errors = ray.exceptions
        self._worker_lost = (
            errors.WorkerCrashedError, errors.NodeDiedError, errors.ObjectLostError, errors.OutOfMemoryError,
        )  # fmt: skip

    @property
    def slots(self) -> int:
        with self._executor.watched():
            return max(1, self._executor.cores())

    def results(self, chunks: Iterable[Any]) -> Generator[tuple[int, Any]]:
        """See `ports.executor.Crew`."""
        flying: dict[Any, _Flight] = {}
        waiting = (_Flight(place, chunk, 1) for place, chunk in enumerate(chunks))
        room = _AHEAD * self.slots
        try:
            while True:
                with self._executor.watched():
                    for flight in _taken(waiting, room - len(flying)):
                        flying[self._ask(flight.chunk)] = flight
                    if not flying:
                        return
                    landed = self._landed(list(flying))
                for one in landed:
                    flight = flying.pop(one)
                    with self._executor.watched():
                        result = self._result(one, flight, flying)
                    if result is not flight:
                        yield flight.place, result
        finally:
            with suppress(RetryLater), self._executor.watched():
                for one in flying if self._ray.is_initialized() else ():
                    self._ray.cancel(one)

    def _landed(self, flying: list[Any]) -> list[Any]:
        """Those that are done, at least one. Raises RetryLater `cluster_lost`."""
        without_core_since = time.monotonic()
        while True:
            done, _ = self._ray.wait(flying, num_returns=1, timeout=_LOOK_EVERY_S)
            self._executor.look()
            if done:
                return done
            if self._executor.cores() >= 1:
                without_core_since = time.monotonic()
            elif time.monotonic() - without_core_since > _NO_CORE_S:
                raise self._executor.gone()

    def _result(self, one: Any, flight: _Flight, flying: dict[Any, _Flight]) -> Any:
        """What came of a chunk; the flight itself where it was sent again."""
        try:
            result = self._ray.get(one)
        except self._worker_lost as error:
            if flight.tries >= TRIES_MAX:
                message = f"A chunk of the work lost its worker {TRIES_MAX} times on {self._executor.name}."
                hint = "Perhaps the workers have too little memory. What was done is kept: the same command goes on."
                raise NeedsOperator("chunk_kills_workers", message, hint) from error
            self._executor.lost += 1
            flying[self._ask(flight.chunk)] = _Flight(flight.place, flight.chunk, flight.tries + 1)
            return flight
        if isinstance(result, Refused):
            raise result.error
        return result


def _taken(waiting: Iterable[_Flight], count: int) -> Generator[_Flight]:
    """The next so many, fewer where there are no more."""
    for _, flight in zip(range(count), waiting, strict=False):
        yield flight
