"""--cluster: whose hands a sweep uses beyond this process."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from karat.app.console import say
from karat.core.errors import InputError

if TYPE_CHECKING:
    from karat.ports.executor import Executor
    from karat.research.sweeps.choice import Sampler


@contextmanager
def cluster_of(address: str | None, sampler: Sampler) -> Generator[Executor | None]:
    """The cluster at `address`, for as long as the context lasts; None where there is no address.

    Raises InputError `bad_cluster`, `extra_missing`, RetryLater `cluster_unreachable`.
    """
    if address is None:
        yield None
        return
    if sampler.leads:
        hint = "Leave out --cluster, or take --sampler grid, random or sobol."
        raise InputError("bad_cluster", f"A search by {sampler} asks for a few variants at a time, here.", hint)
    from karat.compute.ray.connecting import LOCAL, ray_executor

    say("Starting Ray on this machine." if address == LOCAL else f"Joining the cluster at {address}.")
    with ray_executor(address) as executor:
        yield executor
