"""Five layers of risk as pure rules: (snapshot, proposal, limits) to a decision with its reasons. No clock, no disk."""

from karat.risk.decide import RULES, Answer, Decision, decide, flatten_reason
from karat.risk.limits import Direction, Limit, LimitChange, Limits, changed_limits, default_limits, with_limit
from karat.risk.rules import Finding, Outcome, Relation, Rule
from karat.risk.snapshot import (
    AccountView,
    BotView,
    Holding,
    InFlight,
    MarketView,
    Proposal,
    Snapshot,
    SystemView,
    with_in_flight,
)

__all__ = [
    "RULES",
    "AccountView",
    "Answer",
    "BotView",
    "Decision",
    "Direction",
    "Finding",
    "Holding",
    "InFlight",
    "Limit",
    "LimitChange",
    "Limits",
    "MarketView",
    "Outcome",
    "Proposal",
    "Relation",
    "Rule",
    "Snapshot",
    "SystemView",
    "changed_limits",
    "decide",
    "default_limits",
    "flatten_reason",
    "with_in_flight",
    "with_limit",
]
