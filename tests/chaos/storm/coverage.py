"""What a long run has met: every edge of an order's life, every fault, every "no" of risk, every alarm.

A counter at zero fails a long run. What cannot be met is listed with the reason; a reason for something that was met
all the same fails as well, so that the list stays true.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager

from tests.chaos.storm.faults import DRAWN, VARIANTS
from tests.chaos.storm.unreachable import UNREACHABLE

from karat.core.ids import ClientOrderId
from karat.oms import register
from karat.oms.edges import EDGES
from karat.oms.order import step
from karat.oms.records import Alarm, Effect, Event, EventKind, Order, Status
from karat.ports.cockpit import EventKind as EventWord
from karat.ports.trading import LoggedEvent, TradeTrace
from karat.risk import RULES
from karat.risk.breakers import Breaker
from karat.risk.case import Case
from karat.risk.entry_filter import CONDITIONS, EntryView, Filtered, filter_entry
from karat.risk.limits import Limits
from karat.risk.rules import Finding, Outcome, Rule, ask

_decide = importlib.import_module("karat.risk.decide")  # the package has a function of that name
_gate = importlib.import_module("karat.bots.desk.risk_gate")
_raised = register._raised
DESK_ALARMS = (
    "unprotected", "external_position", "external_money", "liquidated", "kill_failed", "watch_failed", "fee_currency",
    "missed_tick", "group_died",
)  # fmt: skip
"""What the desk itself raises, beside the alarms of orders."""
SWITCHES = {
    "kill": "the kill switch is latched", "kill_unknown": "whether the kill switch", "safe_mode": "this is safe mode",
    "halted": "the bot is halted", "stopping": "this process is about to stop",
    "journal": "the journal cannot be written", "links": "the venue cannot be reached",
    "banned": "the venue wants no requests", "tasks": "not running",
    "not_reconciled": "books and venue were not compared", "no_price": "no price was heard",
    "old_price": "the price is", "no_bar": "no bar came",
    "late_bar": "the next bar is", "clock_skew": "the clock is wrong", "late": "the bar of this decision closed",
}  # fmt: skip
"""How the words begin with which each switch refuses an entry."""


def reachable() -> tuple[str, ...]:
    """Every counter that a long run has to move."""
    edges = [edge_name(status, kind) for status, kind in EDGES]
    faults = [f"fault {kind.value} {variant}".strip() for kind in DRAWN for variant in VARIANTS.get(kind, ("",))]
    rules = [f"refused {rule.name}" for rule in RULES]
    filters = [f"filtered {condition.name}" for condition in CONDITIONS]
    breakers = [f"breaker {breaker.value}" for breaker in Breaker]
    alarms = [f"alarm {alarm.value}" for alarm in Alarm] + [f"alarm {name}" for name in DESK_ALARMS]
    return (*edges, *faults, *rules, *filters, *breakers, *(f"switch {name}" for name in SWITCHES), *alarms)


def edge_name(status: Status, kind: EventKind) -> str:
    return f"edge {status.name} {kind.name}"


class Coverage:
    """Counters of one storm or of many: `add` sums them."""

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        self.counts = Counter(counts or {})

    def add(self, counts: Mapping[str, int]) -> None:
        self.counts.update(counts)

    def step(self, order: Order, event: Event) -> tuple[Order, tuple[Effect, ...]]:
        """`karat.oms.order.step`, counted: the edge it takes and the alarms it raises."""
        self.counts[edge_name(order.status, event.kind)] += 1
        after, effects = step(order, event)
        self.alarms(effect.alarm for effect in effects if effect.alarm is not None)
        return after, effects

    def raised(self, order: ClientOrderId | None, alarm: Alarm) -> tuple[Effect, ...]:
        """The register's own alarms, counted."""
        self.alarms((alarm,))
        return _raised(order, alarm)

    def ask(self, rule: Rule, case: Case, lots: int | None) -> Finding:
        """`karat.risk.rules.ask`, counted: where a rule refuses all of an order, or some of it."""
        finding = ask(rule, case, lots)
        if finding.outcome is not Outcome.PASSED:
            self.counts[f"refused {rule.name}"] += 1
        return finding

    def filter_entry(self, view: EntryView, limits: Limits) -> Filtered:
        """`karat.risk.entry_filter.filter_entry`, counted: every condition that blocked."""
        filtered = filter_entry(view, limits)
        self.add(Counter(f"filtered {one.condition}" for one in filtered.told if not one.passed))
        return filtered

    def told(self, events: Iterable[LoggedEvent], traces: Iterable[TradeTrace]) -> None:
        """What the log and the why-not rows say of a storm."""
        orders = {alarm.value for alarm in Alarm}  # counted where they are raised
        for event in events:
            if event.kind == EventWord.ALARM.value and event.payload.get("alarm") not in orders:
                self.counts[f"alarm {event.payload.get('alarm')}"] += 1
            if event.kind == EventWord.BREAKER.value and event.payload["fell"]:
                self.counts[f"breaker {event.payload['breaker']}"] += 1
        for trace in traces:
            for name, words in SWITCHES.items() if trace.first == "switches" else ():
                self.counts[f"switch {name}"] += trace.reason.startswith(words)

    def faults(self, met: Mapping[str, int]) -> None:
        self.add({f"fault {name}": count for name, count in met.items()})

    def alarms(self, alarms: Iterable[Alarm]) -> None:
        self.add(Counter(f"alarm {alarm.value}" for alarm in alarms))

    def missing(self, unreachable: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """Counters at zero that have no excuse, and excuses of counters that are not at zero."""
        excused = UNREACHABLE if unreachable is None else unreachable
        zero = [name for name in reachable() if not self.counts[name] and name not in excused]
        return (*zero, *(f"not unreachable after all: {name}" for name in excused if self.counts[name]))


@contextmanager
def observed(coverage: Coverage) -> Generator[None]:
    """Count what the product's own functions do, at the one place where the register and the rules call them."""
    places = [
        (register, "step", coverage.step), (_decide, "ask", coverage.ask), (register, "_raised", coverage.raised),
        (_gate, "filter_entry", coverage.filter_entry),
    ]  # fmt: skip
    before = [getattr(module, name) for module, name, _ in places]
    for module, name, counted in places:
        setattr(module, name, counted)
    try:
        yield
    finally:
        for (module, name, _), function in zip(places, before, strict=True):
            setattr(module, name, function)
