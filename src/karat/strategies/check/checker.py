"""The check: one strategy, its defaults on every market and the ends of its ranges on one, until something is wrong.

1. The sources are read for what no run can show.
2. A fresh copy of the strategy's file is run, so that nothing was kept from before.
3. Per market: a run, a second run, honesty of that run, the future removed, the future altered, inputs untouched.
4. A second fresh copy runs over the markets in the opposite order, and globals are compared.
5. Each of these cases is asked for its last rows only, bar by bar: whether it may be carried. That is told, not found.

A check proves what it tried and no more; it is repeatable to the bit, because its markets are made in code and cuts are
chosen from the signals.
"""

from __future__ import annotations

from collections.abc import Mapping

from karat.core.errors import InputError
from karat.core.model.signals import Signals
from karat.strategies.check import causality, honesty, purity
from karat.strategies.check.carrying import carried_difference
from karat.strategies.check.hostile import hostile_markets
from karat.strategies.check.report import CheckReport, Finding, checker_hash
from karat.strategies.check.sources import check_sources
from karat.strategies.check.subject import Case, variants
from karat.strategies.contract import Strategy
from karat.strategies.identity import code_hash
from karat.strategies.market import Market
from karat.strategies.parameters import Values

BARS_MIN = 420  # of a hostile market, beyond the warm-up
BARS_REAL_MAX = 2_000  # of a real market, beyond the warm-up: its last bars
FINDINGS_MAX = 20


def check_strategy(strategy: Strategy, real: Mapping[str, Market] | None = None) -> CheckReport:
    """Prove `strategy` on hostile markets and on `real` ones, by name. A real market that is too short, or
    lacks a declared input, is left out. Nothing is stored."""
    run = _Run(strategy)
    try:
        run.everything(real or {})
    except InputError as error:
        run.found.append(Finding("raises", error.message, error.hint, file=run.file))
    findings = tuple(run.found[:FINDINGS_MAX])
    return CheckReport(
        strategy=strategy.name,
        code_hash=code_hash(strategy),
        checker=checker_hash(),
        passed=not findings,
        findings=findings,
        datasets=tuple(run.datasets),
        cuts=run.cuts,
        not_carried=run.not_carried if not findings else "it did not pass its check",
    )


class _Run:
    """One check on its way: what was found, and on what."""

    def __init__(self, strategy: Strategy) -> None:
        self.original = strategy
        self.strategy = purity.fresh_copy(strategy, "first")
        self.copy = purity.fresh_copy(strategy, "second")
        self.file = purity.source_path(strategy).name
        self.found: list[Finding] = []
        self.datasets: list[str] = []
        self.cuts = 0
        self.not_carried = ""
        self._windows: dict[Values, dict[str, int]] = {}

    def everything(self, real: Mapping[str, Market]) -> None:
        """All steps of the module docstring."""
        self.found += check_sources(self.original)
        default, *ends = variants(self.strategy)
        needs = self.strategy.needs
        before = purity.state_of(self.strategy)
        markets = hostile_markets(self._warmup(default) + BARS_MIN, needs)
        for name, market in real.items():
            if len(market) > self._warmup(default) and all(need in market.inputs for need in needs):
                bars = self._warmup(default) + BARS_REAL_MAX
                markets[name] = market[-bars:] if len(market) > bars else market
        self.datasets = list(markets)
        cases = [Case(self.strategy, default, name, market) for name, market in markets.items()]
        results = [self._one(case, thorough=True) for case in cases]
        self._order(cases, results)
        for values in ends:
            market = hostile_markets(self._warmup(values) + BARS_MIN, needs)["walk"]
            self._one(Case(self.strategy, values, "walk", market), thorough=False)
        self._add(purity.check_state(cases[0], before))

    def _warmup(self, values: Values) -> int:
        return self.strategy.warmup_bars(values)

    def _one(self, case: Case, *, thorough: bool) -> Signals | None:
        """Everything about one case; its signals, or None when it gives none."""
        inputs = purity.inputs_of(case.market)
        try:
            full = case.run()
        except InputError as error:
            self.found.append(case.finding("raises", error.message, error.hint))
            return None
        self._honest(case, full)
        repeat = purity.check_repeat(case, full)
        self._add(repeat)
        if repeat is None:
            self._causal(case, full, thorough=thorough)
            self.not_carried = self.not_carried or carried_difference(case, full)
        self._add(purity.check_inputs(case, inputs))
        return full

    def _honest(self, case: Case, full: Signals) -> None:
        accesses = honesty.asked(case)
        if case.values not in self._windows:
            self._windows[case.values] = honesty.windows_of(accesses)
            self._add(honesty.check_warmup(case, accesses))
        self._add(honesty.check_nan(case, full, accesses))
        self._add(honesty.check_idle(case, full, accesses, self._windows[case.values]))

    def _causal(self, case: Case, full: Signals, *, thorough: bool) -> None:
        cuts = causality.removed_cuts(full, case.warmup)
        altered = causality.altered_cuts(full, case.warmup)
        if not thorough:
            cuts, altered = cuts[::8], altered[::4]
        self.cuts += len(cuts) + len(altered)
        self._add(causality.check_future_removed(case, full, cuts))
        self._add(causality.check_future_altered(case, full, altered))

    def _order(self, cases: list[Case], results: list[Signals | None]) -> None:
        for case, full in reversed(list(zip(cases, results, strict=True))):
            if full is not None:
                self._add(purity.check_order(case, full, self.copy))

    def _add(self, finding: Finding | None) -> None:
        """Keep a finding, the same culprit of the same check once."""
        if finding and not any(
            (one.check, one.culprit, one.line) == (finding.check, finding.culprit, finding.line) for one in self.found
        ):
            self.found.append(finding)
