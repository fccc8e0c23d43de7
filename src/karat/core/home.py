"""Where Karat keeps what it keeps: one folder, named by KARAT_HOME, `~/.karat` by default."""

from __future__ import annotations

import os
from pathlib import Path


def karat_home() -> Path:
    """The folder that holds everything Karat keeps. It is not created here."""
    value = os.environ.get("KARAT_HOME")
    return Path(value).expanduser().resolve() if value else Path.home() / ".karat"
