"""The dossier as one self-contained page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from karat.research.report.html import tag


def page(told: Mapping[str, Any]) -> str:
    """The page of a dossier."""
    result = told["result"]
    heading = f"{result['strategy']} on {result['market']} {result['timeframe']}: {result['verdict']}"
    stages = [
        tag("li", f"{one['stage']}: {one['outcome']}. {one['question']} {one['reason']}") for one in result["stages"]
    ]
    return "<!doctype html>" + tag("title", heading) + tag("h1", heading) + tag("p", result["reason"]) + "".join(stages)
