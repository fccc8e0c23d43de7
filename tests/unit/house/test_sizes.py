"""Files and functions stay small. What is larger than the limit is named here with its size, and may only shrink."""

from __future__ import annotations

import ast

from tests.unit.house.tree import ROOT, name_of, tracked_files

FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 50  # without its docstring
LARGER_FILES = {
    "tests/e2e/test_backtest_command.py": 347,
    "tests/e2e/test_report.py": 325,
    "web/src/styles/app.css": 340,
}
LARGER_FUNCTIONS = {
    "src/karat/kernel/loop.py:simulate": 95,  # the loop itself: called steps would cost the speed
    "tests/unit/stats/test_summary.py:test_a_small_run_by_hand": 65,
}
WRITTEN_BY_PROGRAMS = {"web/src/client/schema.ts"}
SUFFIXES = {".py", ".sh", ".ts", ".tsx", ".css"}


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    docstring = function.body[0] if ast.get_docstring(function, clean=False) is not None else None
    words = 0 if docstring is None or docstring.end_lineno is None else docstring.end_lineno - docstring.lineno + 1
    return function.end_lineno - function.lineno + 1 - words


def test_files_stay_small() -> None:
    sizes = {
        name_of(path): len(path.read_text("utf-8").splitlines())
        for path in tracked_files()
        if path.suffix in SUFFIXES and name_of(path) not in WRITTEN_BY_PROGRAMS
    }
    too_large = {name: lines for name, lines in sizes.items() if lines > LARGER_FILES.get(name, FILE_LINES_MAX)}
    assert too_large == {}
    assert [name for name in LARGER_FILES if sizes.get(name, 0) <= FILE_LINES_MAX] == [], "no longer large: take it out"


def test_functions_stay_small() -> None:
    sizes: dict[str, int] = {}
    for path in (path for path in tracked_files() if path.suffix == ".py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{name_of(path)}:{node.name}"
                sizes[name] = max(sizes.get(name, 0), _lines(node))
    too_large = {name: lines for name, lines in sizes.items() if lines > LARGER_FUNCTIONS.get(name, FUNCTION_LINES_MAX)}
    assert too_large == {}
    no_longer = [name for name in LARGER_FUNCTIONS if sizes.get(name, 0) <= FUNCTION_LINES_MAX]
    assert no_longer == [], "no longer large: take it out"


def test_the_limits_bind_something() -> None:
    assert (ROOT / "src" / "karat").is_dir()
    assert len([path for path in tracked_files() if path.suffix == ".py"]) > 100
