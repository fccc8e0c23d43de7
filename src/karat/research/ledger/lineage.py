"""Which family code belongs to: a renamed or lightly changed copy is not a new idea, and its trials add up.

1. Of a strategy's own functions the structure is read: what is called and compared, in which order. Names that the
   author chose, numbers, texts and comments are left out; names of indicators and of what Karat offers stay.
2. Runs of five such steps are hashed, and the lowest hashes kept (a bottom-k sketch: Broder 1997). Two sketches share
   about the share of runs that the two codes share.
3. Code that shares at least half of its runs with a known family joins the family it shares most with.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from karat.core.model.candles import Candles
from karat.strategies import Market, Strategy
from karat.strategies.identity import own_modules

RUN_STEPS = 5
KEPT = 256
SAME_FAMILY = 0.5
_BUILT_IN = frozenset(dir(builtins))
_OFFERED = frozenset(name for kind in (Market, Candles) for name in dir(kind) if not name.startswith("_"))

Fingerprint = tuple[int, ...]
"""Ascending hashes, at most `KEPT`."""


def fingerprint(strategy: Strategy) -> Fingerprint:
    """The fingerprint of everything in a strategy's own files that is a function."""
    sources = [Path(str(module.__file__)).read_text(encoding="utf-8") for module in own_modules(strategy)]
    return fingerprint_of(sources)


def fingerprint_of(sources: Iterable[str]) -> Fingerprint:
    """The fingerprint of source texts of Python."""
    hashes: set[int] = set()
    for source in sources:
        tree = ast.parse(source)
        imported = _imported(tree)
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                steps = [step for node in function.body for step in _steps(node, imported)]
                hashes.update(_hash(steps[k : k + RUN_STEPS]) for k in range(max(1, len(steps) - RUN_STEPS + 1)))
    return tuple(sorted(hashes)[:KEPT])


def similarity(left: Fingerprint, right: Fingerprint) -> float:
    """About which share of all runs of two codes both have, 0 to 1."""
    union = sorted({*left, *right})[:KEPT]
    both = {*left} & {*right}
    return sum(one in both for one in union) / len(union) if union else 0.0


def nearest_family(of: Fingerprint, known: Mapping[str, Iterable[Fingerprint]]) -> tuple[str, float] | None:
    """The family that shares most with `of`, and how much; None when none shares half."""
    found = [(max(similarity(of, one) for one in codes), family) for family, codes in known.items()]
    share, family = max(found, default=(0.0, ""))
    return (family, share) if share >= SAME_FAMILY else None


def _imported(tree: ast.Module) -> dict[str, str]:
    """What the names of a source's imports stand for, whatever they are called there."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {one.asname or one.name: one.name for one in node.names}
    return found


def _steps(node: ast.AST, imported: Mapping[str, str]) -> Iterator[str]:
    """The structure of a function, depth first. Names neither imported nor offered by Karat are the author's own."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.expr_context | ast.arguments):
        return
    if isinstance(node, ast.Name):
        yield imported.get(node.id, node.id if node.id in _BUILT_IN else "name")
        return
    if isinstance(node, ast.Attribute):
        yield from _steps(node.value, imported)
        root = node.value
        offered = node.attr in _OFFERED or (isinstance(root, ast.Name) and root.id in imported)
        yield f".{node.attr}" if offered else ".field"
        return
    yield "constant" if isinstance(node, ast.Constant) else type(node).__name__
    for child in ast.iter_child_nodes(node):
        yield from _steps(child, imported)


def _hash(steps: list[str]) -> int:
    return int.from_bytes(hashlib.sha256("\n".join(steps).encode()).digest()[:6], "big")
