"""Strategies: the contract, the market a strategy sees, the checker that proves it causal, and the catalogue.

A strategy file needs four names and an array library:

    import numpy as np
    from karat.core.model.signals import Signals, signals
    from karat.strategies import Hypothesis, Market, Parameter, Strategy, Values

`evaluate` is the only way product code calls a strategy; `find_strategy` and `all_strategies` are how it gets one.
"""

from __future__ import annotations

from karat.strategies.contract import Hypothesis, Strategy
from karat.strategies.evaluation import evaluate
from karat.strategies.identity import code_hash
from karat.strategies.market import Market
from karat.strategies.parameters import Parameter, Values, resolve, switch
from karat.strategies.registry import all_strategies, find_strategy, strategy_names

__all__ = [
    "Hypothesis",
    "Market",
    "Parameter",
    "Strategy",
    "Values",
    "all_strategies",
    "code_hash",
    "evaluate",
    "find_strategy",
    "resolve",
    "strategy_names",
    "switch",
]
