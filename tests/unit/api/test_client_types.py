"""The page's committed types are those of the API as it is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[3] / "web" / "tools" / "generate_client.py"


def test_the_pages_types_are_current() -> None:
    spec = importlib.util.spec_from_file_location("generate_client", TOOL)
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    committed = tool.TARGET.read_text()
    assert committed == tool.generate(tool.schema_of_the_api()), "run: python web/tools/generate_client.py"
    with pytest.raises(NotImplementedError):
        tool.type_of({"type": "unheard-of"})
