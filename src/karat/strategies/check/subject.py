"""What is being checked: a strategy, the parameters tried, and the markets it is tried on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from karat.core.errors import InputError
from karat.core.model.signals import Signals
from karat.strategies.check.report import Finding
from karat.strategies.contract import Strategy
from karat.strategies.evaluation import evaluate
from karat.strategies.identity import source_path
from karat.strategies.market import Market
from karat.strategies.parameters import Value, Values, resolve


@dataclass(frozen=True, slots=True)
class Case:
    """One strategy with one set of parameters on one market."""

    strategy: Strategy
    values: Values
    dataset: str
    market: Market

    def run(self, market: Market | None = None) -> Signals:
        """Signals over `market`, by default the case's own."""
        return evaluate(self.strategy, market or self.market, self.values)

    @property
    def warmup(self) -> int:
        return self.strategy.warmup_bars(self.values)

    @property
    def file(self) -> Path:
        return source_path(self.strategy)

    def finding(
        self, check: str, message: str, hint: str = "", *, bar: int | None = None, culprit: str = "", line: int = 0
    ) -> Finding:
        """A finding about this case."""
        inside = bar is not None and bar < len(self.market)
        return Finding(
            check=check,
            message=message,
            hint=hint,
            dataset=self.dataset,
            parameters=repr(self.values),
            bar=bar,
            ts=int(self.market.candles.ts[bar]) if bar is not None and inside else None,
            culprit=culprit,
            file=self.file.name,
            line=line,
        )


def variants(strategy: Strategy) -> list[Values]:
    """The defaults, and each end of every range with the rest at its default, where that makes sense together."""
    found = [resolve(strategy)]
    for parameter in strategy.parameters:
        for end in (parameter.low, parameter.high):
            values = _resolved(strategy, {parameter.name: end})
            if values is not None and values not in found:
                found.append(values)
    return found


def _resolved(strategy: Strategy, given: Mapping[str, Value]) -> Values | None:
    try:
        return resolve(strategy, given)
    except InputError:
        return None
