"""What stands in a dossier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from karat.core.time import timeframe_ms
from karat.research.kept import spec_id
from karat.research.manifest_origin import origin
from karat.strategies import Strategy, resolve
from karat.strategies.identity import own_modules

FORMAT = 1


def document(spec: Mapping[str, Any], proof: Mapping[str, Any], strategy: Strategy, made_ms: int) -> dict[str, Any]:
    """The dossier of one proof, JSON-ready. `spec` and `proof` as `research.prove` has them."""
    return {
        "format": FORMAT,
        "made": made_ms,
        "origin": origin(),
        "proof": spec_id(spec),
        "simulated": any(one["quality"]["simulated"] for one in spec["data"]),
        "hypothesis": asdict(strategy.hypothesis),
        "family": strategy.family,
        "parameters": [
            {"name": one.name, "default": one.default, "low": one.low, "high": one.high, "step": one.step,
             "unit": one.unit, "meaning": one.meaning}
            for one in strategy.parameters
        ],
        "sources": sorted(_names(strategy)),
        "result": dict(proof),
        "spec": dict(spec),
    }  # fmt: skip


def sources(strategy: Strategy) -> dict[str, str]:
    """The strategy's own files by name, as they are now."""
    return {Path(str(one.__file__)).name: Path(str(one.__file__)).read_text("utf-8") for one in own_modules(strategy)}


def _names(strategy: Strategy) -> list[str]:
    return list(sources(strategy))


def code_hash_of(dossier: Mapping[str, Any]) -> str:
    """The hash of the strategy's code, as it was proved."""
    name = dossier["result"]["strategy"]
    return next(str(one["code_hash"]) for one in dossier["spec"]["strategies"] if one["name"] == name)


def values_of(dossier: Mapping[str, Any], strategy: Strategy) -> tuple[dict[str, Any], dict[str, Any]]:
    """(parameters of the strategy, fields of the policy) that the verdict was given on."""
    settings = dossier["result"]["settings"]
    names = {one.name for one in strategy.parameters}
    given = {name: value for name, value in settings.items() if name in names}
    rules = {name: value for name, value in settings.items() if name not in names}
    return resolve(strategy, given).as_dict(), rules


def data_of(dossier: Mapping[str, Any]) -> dict[str, Any]:
    """What the spec says of the dossier's own market and timeframe."""
    result = dossier["result"]
    wanted = (result["market"], timeframe_ms(result["timeframe"]))
    return next(one for one in dossier["spec"]["data"] if (one["market"], timeframe_ms(one["timeframe"])) == wanted)
