"""Waiting for what another process does, without taking from it the processor that it needs to do it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

_LOOK_AGAIN_SECONDS = 0.01


def comes_true(running: subprocess.Popen[str] | subprocess.Popen[bytes], is_so: Callable[[], bool]) -> bool:
    """Whether it becomes so before the process ends, or is so when it has ended."""
    while not is_so():
        try:
            running.wait(_LOOK_AGAIN_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return is_so()
    return True
