"""What no run can show: reading the sources for chance, clocks, files, and arithmetic whose bits depend on the length.

BLAS, FFT and least squares give other last bits for another length (simulation.md, "Parity"), so a bot and a backtest
would part; they may agree on every market tried here and still do so.
"""

from __future__ import annotations

import ast
from pathlib import Path

from karat.strategies.check.report import Finding
from karat.strategies.contract import Strategy
from karat.strategies.identity import own_modules

_EFFECTS = "A strategy sees its market and nothing else; let the market bring it as a series."
_CHANCE = "A strategy has no chance in it; the same market gives the same signals."
_PARITY = "Use a running sum, a loop over the window, or an indicator of the market."

_MODULES = {
    "random": _CHANCE,
    "secrets": _CHANCE,
    "time": _EFFECTS,
    "socket": _EFFECTS,
    "urllib": _EFFECTS,
    "http": _EFFECTS,
    "requests": _EFFECTS,
    "httpx": _EFFECTS,
    "subprocess": _EFFECTS,
    "threading": _EFFECTS,
}
_NAMES = {
    "numpy.random": _CHANCE,
    "numpy.fft": _PARITY,
    "numpy.linalg": _PARITY,
    "numpy.polyfit": _PARITY,
    "numpy.dot": _PARITY,
    "numpy.matmul": _PARITY,
    "numpy.einsum": _PARITY,
    "numpy.load": _EFFECTS,
    "numpy.loadtxt": _EFFECTS,
    "numpy.genfromtxt": _EFFECTS,
    "open": _EFFECTS,
    "datetime.datetime.now": _EFFECTS,
    "datetime.datetime.utcnow": _EFFECTS,
    "datetime.date.today": _EFFECTS,
    "datetime.datetime.today": _EFFECTS,
}


def check_sources(strategy: Strategy) -> list[Finding]:
    """One finding per line of the strategy's own modules that uses something a strategy may not."""
    found: list[Finding] = []
    for module in own_modules(strategy):
        file = Path(str(module.__file__))
        reader = _Reader(file.name)
        reader.visit(ast.parse(file.read_bytes()))
        found += reader.found.values()
    return found


class _Reader(ast.NodeVisitor):
    """Collects findings by line; knows what the imports call things."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: dict[int, Finding] = {}
        self._meaning: dict[str, str] = {"open": "open"}

    def visit_Import(self, node: ast.Import) -> None:
        for one in node.names:
            self._meaning[one.asname or one.name.partition(".")[0]] = (
                one.name if one.asname else one.name.partition(".")[0]
            )
            self._hold(one.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level == 0 and node.module:
            for one in node.names:
                full = f"{node.module}.{one.name}"
                self._meaning[one.asname or one.name] = full
                self._hold(full, node.lineno)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._hold(self._full(node), node.lineno)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name):
            self._hold(self._full(node.func), node.lineno)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.MatMult):
            self._hold("numpy.matmul", node.lineno)
        self.generic_visit(node)

    def _full(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return self._meaning.get(node.id, "")
        if isinstance(node, ast.Attribute):
            base = self._full(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""

    def _hold(self, full: str, line: int) -> None:
        why = _MODULES.get(full.partition(".")[0]) or _NAMES.get(full)
        parts = full.split(".")
        for length in range(2, len(parts)):
            why = why or _NAMES.get(".".join(parts[:length]))
        if why and line not in self.found:
            self.found[line] = Finding("source", f"It uses {full}.", why, culprit=full, file=self.file, line=line)
