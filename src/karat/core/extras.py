"""How to get the packages that only some commands need."""

from __future__ import annotations

import sys
from pathlib import Path


def how_to_install(extra: str) -> str:
    """What to type so that this Python gets an extra: the script of the checkout whose environment it is, else pip."""
    setup = Path(__file__).parents[3] / "scripts" / "setup.sh"
    if setup.is_file() and Path(sys.prefix).parent == setup.parents[1]:
        return f"Install it: {setup} extras"
    return f"Install it: {sys.executable} -m pip install 'karat[{extra}]'"
