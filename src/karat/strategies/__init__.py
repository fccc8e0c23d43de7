"""Strategies: the contract, the market a strategy sees, the checker that proves it causal, and the catalogue.

All that a strategy file needs is named here:

    from karat.strategies import Hypothesis, Market, Parameter, Signals, Strategy, Values, crossed_above, signals

`evaluate` is the only way product code calls a strategy; `find_strategy` and `all_strategies` are how it gets one.
"""

from __future__ import annotations

from karat.core.indicators.signal_helpers import above, below, crossed_above, crossed_below
from karat.core.model.signals import Signals, signals
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
    "Signals",
    "Strategy",
    "Values",
    "above",
    "all_strategies",
    "below",
    "code_hash",
    "crossed_above",
    "crossed_below",
    "evaluate",
    "find_strategy",
    "resolve",
    "signals",
    "strategy_names",
    "switch",
]
