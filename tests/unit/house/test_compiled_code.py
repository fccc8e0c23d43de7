"""Compilation has one door, and no flag that would let a result depend on the machine gets through it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.unit.house.tree import SOURCES, name_of

DOOR = "src/karat/core/compiled.py"
DECORATORS = {"compiled", "borrowing", "inlined"}
COMPILERS = {
    "jit", "njit", "vectorize", "guvectorize", "cfunc", "stencil", "jitclass", "prange", "generated_jit",
    "register_jitable",
}  # fmt: skip
REORDERING_CALLS = {"prange", "dot", "vdot", "inner", "matmul", "einsum", "tensordot", "linalg", "fft"}


def _compilers(tree: ast.AST) -> set[str]:
    """Names of the compiler's own decorators that a module imports or reads off the compiler's module."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "numba":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value).partition(".")[0] == "numba":
            names.add(node.attr)
    return names & COMPILERS


def _is_compiled(node: ast.AST) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return False
    return any(isinstance(one, ast.Name) and one.id in DECORATORS for one in node.decorator_list)


def _compiled_functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if _is_compiled(node)]


def test_only_the_door_compiles() -> None:
    compiling = [name_of(path) for path in SOURCES if _compilers(ast.parse(path.read_text("utf-8")))]
    assert compiling == [DOOR]


def test_the_door_asks_for_exact_results() -> None:
    tree = ast.parse(next(path for path in SOURCES if name_of(path) == DOOR).read_text("utf-8"))
    names = {"numba.njit", "jit", "register"}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) in names]
    assert len(calls) == len(DECORATORS)
    for call in calls:
        flags = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
        assert (flags["nogil"], flags["fastmath"], flags["error_model"]) == (True, False, "numpy")
        assert not flags.keys() & {"parallel", "boundscheck"}


def test_compiled_functions_have_no_other_decorator() -> None:
    functions = [(path, function) for path in SOURCES for function in _compiled_functions(path)]
    assert len(functions) > 100
    decorated = [
        f"{name_of(path)}:{function.lineno}" for path, function in functions if len(function.decorator_list) > 1
    ]
    assert decorated == []


@pytest.mark.parametrize("path", [path for path in SOURCES if _compiled_functions(path)], ids=name_of)
def test_compiled_functions_use_nothing_that_reorders_sums(path: Path) -> None:
    found: list[str] = []
    for function in _compiled_functions(path):
        for node in ast.walk(function):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
                found.append(f"@ in line {node.lineno}")
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if name in REORDERING_CALLS:
                found.append(f"{name} in line {node.lineno}")
    assert found == []
