"""Packages that only some commands need, imported when one runs; a missing one is refused with the way to get it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from karat.core.errors import InputError
from karat.core.extras import how_to_install


def need(module: str, extra: str, purpose: str) -> Any:
    """The module, imported. Raises InputError `extra_missing` when the extra is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        message = f"{purpose} needs {module.partition('.')[0]}, which is not installed."
        raise InputError("extra_missing", message, how_to_install(extra)) from error
