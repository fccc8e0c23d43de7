"""Getting a Ray cluster: one that is started for the while on this machine, or one that is there (ray://host:port).

What is started here listens on loopback alone, to those who know a word drawn for the while; it has no dashboard, tells
nobody of its use, and leaves no file behind.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from karat.compute.ray.executor import Head, RayExecutor
from karat.core.errors import InputError, RetryLater
from karat.core.extras import how_to_install

LOCAL = "local"
_WORDS_MAX = 200
_STORE_BYTES = 512 * 2**20  # pages are taken when they are written; what does not fit goes to the disk
_SOCKET_PATH_MAX = 45  # of the folder: the system allows 107 for a socket's name, and Ray's own part is about 60
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # as Ray does on those: the address of every process is loopback
    "RAY_ENABLE_AUTO_CONNECT": "0",  # else a lost cluster is silently replaced by a new one here
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
    with _settings(_token_drawn() if address == LOCAL else _token_known()):
        ray = _ray()
        with _started(ray, workers) if address == LOCAL else _joined(ray, address) as head:
            yield RayExecutor(ray, head)


@contextmanager
def _settings(more: Mapping[str, str]) -> Generator[None]:
    """What Ray and the processes it starts read in their environment, where the user has not said otherwise."""
    new = {name: value for name, value in {**_SETTINGS, **more}.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)


@cache
def _token_drawn() -> Mapping[str, str]:
    """A token for clusters of this process alone, drawn once: Ray reads it once. It would else write one into the
    user's home."""
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


def _token_known() -> dict[str, str]:
    """Ray has a token shown to the cluster where this is set: where the user has one, as Ray's own commands do."""
    named = any(os.environ.get(name) for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    return {"RAY_AUTH_MODE": "token"} if named or (Path.home() / ".ray" / "auth_token").exists() else {}


def _ray() -> Any:
    """The module, imported; it reads its settings then."""
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
    except RuntimeError as error:
        if ray.is_initialized():
            raise
        first = " ".join(str(error).split())[:_WORDS_MAX]
        hint = "Leave out --cluster to sweep with the threads of this process."
        raise RetryLater("cluster_unreachable", f"Ray did not start here: {first}", hint) from error
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
        first = " ".join(str(error).split())[:_WORDS_MAX]
        hint = "Is it up, does it run this Python and Ray, and is its token in RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH?"
        raise RetryLater("cluster_unreachable", f"No cluster answers at {address}: {first}", hint) from error
    try:
        yield Head(address, None)
    finally:
        ray.shutdown()
