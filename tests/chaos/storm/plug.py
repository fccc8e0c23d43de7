"""Which plug the storm runs with: `module:name` of a `parts.Plug`, from KARAT_STORM_PLUG or `PLUG`."""

from __future__ import annotations

import importlib
import os

from tests.chaos.storm.parts import Plug

PLUG = "tests.chaos.storm.desk:plug"


def the_plug() -> Plug:
    """A new plug: `name` is called without arguments."""
    module, _, name = os.environ.get("KARAT_STORM_PLUG", PLUG).partition(":")
    return getattr(importlib.import_module(module), name)()
