"""Planted edges: there where they were planted, nowhere else, and known to nobody but the generator."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from karat.core.ids import MarketId
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.feeds.demo.planted import NO_EDGE, edge_of

SOURCE = Path(__file__).resolve().parents[3] / "src"
SEEDS = (1, 2, 3, 4, 5, 6)
HORIZON_HOURS = 48


def variance_ratio(symbol: MarketId) -> float:
    """Variance of two-day returns over 48 times that of hourly ones, each hour scaled by the volatility before it.

    Mean over SEEDS; 1 without memory (Lo and MacKinlay 1988).
    """
    ratios: list[float] = []
    for seed in SEEDS:
        returns = np.diff(np.log(demo_candles(seed, symbol, HOUR_MS, 8_760).close))
        window = np.convolve(returns * returns, np.ones(48) / 48, mode="valid")[:-1]
        scaled = returns[48:] / np.sqrt(window)
        path = np.concatenate(([0.0], np.cumsum(scaled - scaled.mean())))
        longer = path[HORIZON_HOURS:] - path[:-HORIZON_HOURS]
        ratios.append(float(longer.var() / (HORIZON_HOURS * scaled.var())))
    return float(np.mean(ratios))


@pytest.mark.parametrize("symbol", [symbol for symbol in DEMO_SYMBOLS if edge_of(symbol).trend > 0])
def test_a_planted_trend_makes_moves_go_on(symbol: MarketId) -> None:
    assert variance_ratio(symbol) > 1.25


@pytest.mark.parametrize("symbol", [symbol for symbol in DEMO_SYMBOLS if edge_of(symbol).reversion > 0])
def test_a_planted_reversion_makes_moves_come_back(symbol: MarketId) -> None:
    assert variance_ratio(symbol) < 0.8


@pytest.mark.parametrize("symbol", [symbol for symbol in DEMO_SYMBOLS if edge_of(symbol) == NO_EDGE])
def test_all_other_symbols_have_no_memory_of_direction(symbol: MarketId) -> None:
    assert 0.9 < variance_ratio(symbol) < 1.1


def test_there_are_symbols_of_each_kind() -> None:
    edges = [edge_of(symbol) for symbol in DEMO_SYMBOLS]
    assert sum(edge.trend > 0 for edge in edges) == 1 and sum(edge.reversion > 0 for edge in edges) == 1
    assert edges.count(NO_EDGE) >= 4


def imported_modules(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return names


def test_nothing_but_the_generator_imports_the_planted_edges() -> None:
    files = sorted(SOURCE.rglob("*.py"))
    assert len(files) > 20
    importers: set[str] = set()
    for file in files:
        text = file.read_text("utf-8")
        if any(name.endswith("demo.planted") for name in imported_modules(text)) or "demo.planted" in text:
            importers.add(file.relative_to(SOURCE).as_posix())
    assert importers == {"karat/feeds/demo/path.py"}
