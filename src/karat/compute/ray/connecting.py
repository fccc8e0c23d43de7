"""Getting a Ray cluster: one that is started for the while on this machine, or one that is there (ray://host:port).

What is started here listens on loopback alone, has no dashboard, tells nobody of its use, and leaves no file behind.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from karat.compute.ray.executor import Head, RayExecutor
from karat.core.errors import InputError, RetryLater
from karat.core.extras import how_to_install

LOCAL = "local"
_STORE_BYTES = 512 * 2**20  # pages are taken when they are written; what does not fit goes to the disk
_SOCKET_PATH_MAX = 45  # of the folder: the system allows 107 for a socket's name, and Ray's own part is about 60
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # as Ray does on those: the address of every process is loopback
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what it would otherwise warn of
}


@contextmanager
def ray_executor(address: str, workers: int | None = None) -> Generator[RayExecutor]:
    """A cluster by its address, "local" or "ray://host:port". `workers`: how many processes a local one has, one per
    core when left out.

    Raises InputError `bad_cluster`, `extra_missing`, RetryLater `cluster_unreachable`.
    """
    if address != LOCAL and not re.fullmatch(r"ray://[^\s/:]+:\d{1,5}", address):
        hint = "Write --cluster local, or --cluster ray://host:port (Ray's own port for it is 10001)."
        raise InputError("bad_cluster", f"'{address}' is no cluster.", hint)
    ray = _ray()
    with _started(ray, workers) if address == LOCAL else _joined(ray, address) as head:
        yield RayExecutor(ray, head)


def _ray() -> Any:
    """The module; its settings have to be there before it is imported."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise InputError("extra_missing", "--cluster wants Ray.", how_to_install("ray")) from error
    return ray


@contextmanager
def _started(ray: Any, workers: int | None) -> Generator[Head]:
    folder = Path(tempfile.mkdtemp(prefix="karat-ray-", dir=_short_folder()))
    try:
        context = ray.init(
            address="local",
            num_cpus=workers or os.cpu_count() or 1,
            object_store_memory=_STORE_BYTES,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _node_ip_address="127.0.0.1",
            _temp_dir=str(folder),
        )
        yield Head(LOCAL, context.address_info["gcs_address"])
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def _short_folder() -> str | None:
    """Where sockets can be made: the usual place for temporary files, unless its name is too long for them."""
    usual = tempfile.gettempdir()
    return usual if len(usual) + len("/karat-ray-12345678") <= _SOCKET_PATH_MAX else "/tmp"


@contextmanager
def _joined(ray: Any, address: str) -> Generator[Head]:
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, TimeoutError) as error:
        first = " ".join(str(error).split())
        hint = "Is it up, and does it run the same versions of Python and Ray? Leave out --cluster to sweep here."
        raise RetryLater("cluster_unreachable", f"No cluster answers at {address}: {first[:200]}", hint) from error
    try:
        yield Head(address, None)
    finally:
        ray.shutdown()
